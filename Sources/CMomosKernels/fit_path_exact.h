// The path of least squared error through a row (Viterbi's algorithm), for EXACT_ROWS rows at a time.
//
// The cost of a path is counted without the squares of the weights, and from the least one of its block.

/// cost[m] += sum over o of motifs[o, m] * (motifs[o, m] - 2 * block[o]).
static void add_block_costs(const float *motifs, size_t padded, const float *block, size_t length, float *cost) {
  for (size_t m = 0; m < padded; m += FIT_LANES) {
    lanes sum = loaded(cost + m);
    for (size_t o = 0; o < length; o++) {
      const lanes motif = loaded(motifs + o * padded + m);
      sum += motif * (motif - 2 * block[o]);
    }
    store(cost + m, sum);
  }
}

/// best[r, m] = the least of before[r, p] + cross[p, m] over all p.
static void find_least(const float *before, const float *cross, size_t padded, float *best) {
  for (size_t m = 0; m < padded; m += FIT_LANES) {
    lanes least_cost[EXACT_ROWS];
    UNROLLED for (size_t r = 0; r < EXACT_ROWS; r++) least_cost[r] = (lanes){0} + __builtin_inff();
    for (size_t p = 0; p < padded; p++) {
      const lanes term = loaded(cross + p * padded + m);
      UNROLLED for (size_t r = 0; r < EXACT_ROWS; r++)
        least_cost[r] = lesser(term + before[r * padded + p], least_cost[r]);
    }
    UNROLLED for (size_t r = 0; r < EXACT_ROWS; r++) store(best + r * padded + m, least_cost[r]);
  }
}

/// Counts costs from the least of them; those beyond the last motif are infinite.
static void settle_costs(size_t motif_count, size_t padded, float *cost) {
  float base = cost[0];
  for (size_t m = 1; m < motif_count; m++) base = cost[m] < base ? cost[m] : base;
  for (size_t m = 0; m < padded; m++) cost[m] = m < motif_count ? cost[m] - base : __builtin_inff();
}

/// The first motif p with the least before[p] + cross term with motif m, the terms as `momos_path_cross` has them.
static size_t origin_of(const momos_path_search *search, const float *before, size_t m, size_t length) {
  const size_t padded = search->padded;
  size_t origin = 0;
  float least_cost = __builtin_inff();
  for (size_t p = 0; p < search->motif_count; p++) {
    float sum = search->first[m] * search->second[p];
    for (size_t o = 1; o < length; o++) sum += search->first[o * padded + m] * search->second[o * padded + p];
    const float cost = sum * 2 + before[p];
    if (cost < least_cost) least_cost = cost, origin = p;
  }
  return origin;
}

/// costs [blocks, EXACT_ROWS, padded]: at block t what paths that end with each motif cost, with what the second half
/// costs in the next block.
static void trace_exact(const momos_path_search *search, const float *costs, size_t blocks, size_t number,
                        uint16_t *indices) {
  const size_t padded = search->padded, length = search->block_length;
  const float *cost = costs + ((blocks - 1) * EXACT_ROWS + number) * padded;
  size_t motif = 0;
  for (size_t m = 1; m < search->motif_count; m++)
    if (cost[m] < cost[motif]) motif = m;
  for (size_t t = blocks; t-- > 0;) {
    indices[t] = (uint16_t)motif;
    if (t == 0) break;
    cost -= EXACT_ROWS * padded;
    motif = origin_of(search, cost, motif, least(length, search->columns - t * length));
  }
}

static void encode_exact_rows(const momos_path_search *search, const float *rows, size_t count, uint16_t *indices,
                              float *costs) {
  const size_t padded = search->padded, length = search->block_length, columns = search->columns;
  const size_t blocks = (columns + length - 1) / length, step = EXACT_ROWS * padded;
  memset(costs, 0, step * sizeof(float));
  for (size_t t = 0; t < blocks; t++) {
    float *here = costs + t * step;
    const size_t width = least(length, columns - t * length);
    if (t > 0) find_least(here - step, width < length ? search->last_cross : search->cross, padded, here);
    for (size_t r = 0; r < EXACT_ROWS; r++) {
      // Missing rows repeat the last one.
      const float *weights = rows + least(r, count - 1) * columns + t * length;
      add_block_costs(search->first, padded, weights, width, here + r * padded);
      settle_costs(search->motif_count, padded, here + r * padded);
      if (t + 1 < blocks)
        add_block_costs(search->second, padded, weights + length, least(length, columns - (t + 1) * length),
                        here + r * padded);
    }
  }
  for (size_t r = 0; r < count; r++) trace_exact(search, costs, blocks, r, indices + r * blocks);
}

static void encode_exact(const momos_path_search *search, const float *rows, size_t count, uint16_t *indices,
                         void *scratch) {
  const size_t blocks = (search->columns + search->block_length - 1) / search->block_length;
  for (size_t r = 0; r < count; r += EXACT_ROWS)
    encode_exact_rows(search, rows + r * search->columns, least(EXACT_ROWS, count - r), indices + r * blocks, scratch);
}
