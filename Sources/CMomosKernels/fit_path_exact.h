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

/// best[r, m] = the least of before[r, p] + cross[p, m] over all p, for `vectors` vectors from motif m on.
INLINE void find_least_of(const float *before, const float *cross, size_t padded, size_t m, const size_t vectors,
                          float *best) {
  lanes least_cost[EXACT_ROWS][2];
  const float *terms[2];
  UNROLLED for (size_t v = 0; v < vectors; v++) {
    const size_t motif = m + v * FIT_LANES;
    terms[v] = cross + motif / MOST_LANES * MOST_LANES * padded + motif % MOST_LANES;
    UNROLLED for (size_t r = 0; r < EXACT_ROWS; r++) least_cost[r][v] = (lanes){0} + __builtin_inff();
  }
  for (size_t p = 0; p < padded; p++)
    UNROLLED for (size_t v = 0; v < vectors; v++) {
      const lanes term = loaded(terms[v] + p * MOST_LANES);
      UNROLLED for (size_t r = 0; r < EXACT_ROWS; r++)
        least_cost[r][v] = lesser(term + before[r * padded + p], least_cost[r][v]);
    }
  UNROLLED for (size_t r = 0; r < EXACT_ROWS; r++)
    UNROLLED for (size_t v = 0; v < vectors; v++) store(best + r * padded + m + v * FIT_LANES, least_cost[r][v]);
}

static void find_least(const float *before, const float *cross, size_t padded, float *best) {
  size_t m = 0;
  for (; m + 2 * FIT_LANES <= padded; m += 2 * FIT_LANES) find_least_of(before, cross, padded, m, 2, best);
  if (m < padded) find_least_of(before, cross, padded, m, 1, best);
}

/// Counts costs from the least of them; those beyond the last motif are infinite.
static void settle_costs(size_t motif_count, size_t padded, float *cost) {
  for (size_t m = motif_count; m < padded; m++) cost[m] = __builtin_inff();
  lanes least_cost = loaded(cost);
  for (size_t m = FIT_LANES; m < padded; m += FIT_LANES) least_cost = lesser(loaded(cost + m), least_cost);
  float base = least_cost[0];
  for (int lane = 1; lane < FIT_LANES; lane++) base = least_cost[lane] < base ? least_cost[lane] : base;
  for (size_t m = 0; m < padded; m += FIT_LANES) store(cost + m, loaded(cost + m) - base);
}

/// The first motif p with the least before[p] + cross term with motif m, the terms as `momos_path_cross` has them.
static size_t origin_of(const momos_path_search *search, const float *before, size_t m, size_t length) {
  const size_t padded = search->padded;
  lanes least_cost = (lanes){0} + __builtin_inff();
  index_lanes origin = {0};
  for (size_t p = 0; p < padded; p += FIT_LANES) {
    lanes sum = loaded(search->second + p) * search->first[m];
    for (size_t o = 1; o < length; o++) sum += loaded(search->second + o * padded + p) * search->first[o * padded + m];
    const lanes cost = sum * 2 + loaded(before + p);
    const index_lanes is_less = cost < least_cost;
    least_cost = is_less ? cost : least_cost;
    origin = is_less ? (index_lanes){0} + (int32_t)p : origin;
  }
  size_t best = 0;
  for (int lane = 1; lane < FIT_LANES; lane++) {
    const int is_first = origin[lane] + lane < origin[best] + (int)best;
    if (least_cost[lane] < least_cost[best] || (least_cost[lane] == least_cost[best] && is_first)) best = (size_t)lane;
  }
  return (size_t)origin[best] + best;
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
