// Sums of two motifs: the candidates of a longer block lie in lanes, and each takes its own shorter motifs.

#define BEAM MOMOS_STAGE_BEAM

/// The candidates of a block: what of the block they leave, [column][candidate], and their way through it.
typedef struct {
  float rest[MOMOS_PATH_MOST_BLOCK][BEAM];
  float error[MOMOS_PATH_MOST_BLOCK][BEAM];
  float cost[BEAM];
  int32_t added[MOMOS_PATH_MOST_BLOCK][BEAM];
  uint16_t motif[BEAM];
} stage_beam;

/// The shorter motifs of a group's blocks in the metric of their columns, motif by motif.
static void fill_added(const momos_stage_search *search, const float *inverse, float *transformed, float *added) {
  const size_t length = search->added_length, padded = rounded_up(search->added_count, MOST_LANES);
  transform_motifs(search->added, length, padded, inverse, transformed);
  for (size_t m = 0; m < search->added_count; m++, added += length + 1) {
    float norm = 0;
    for (size_t o = 0; o < length; o++) {
      added[o] = transformed[o * padded + m];
      norm += added[o] * added[o];
    }
    added[length] = norm * 0.5f;
  }
}

/// Everything of the group that begins at block `first` that rows share.
static void fill_stage_group(const momos_stage_search *search, const stage_measures *measures, size_t first,
                             const stage_memory *memory) {
  const size_t length = search->block_length, added_length = search->added_length, columns = search->columns;
  const size_t added = search->added_count * (added_length + 1);
  for (size_t b = 0; b < measures->group_blocks && first + b < measures->blocks; b++) {
    float *products = memory->products + b * length * search->padded;
    transform_motifs(search->motifs, length, search->padded, search->inverses + (first + b) * length * length,
                     products);
    fill_norms(products, length, search->padded, search->motif_count, memory->norms + b * search->padded);
    for (size_t p = 0; p < measures->parts; p++) {
      const size_t part = b * measures->parts + p, at = first * measures->parts + part;
      fill_added(search, search->added_inverses + at * added_length * added_length, memory->transformed,
                 memory->added + part * added);
    }
  }
  const size_t begin = first * length;
  memset(memory->factor, 0, measures->group_columns * measures->factor_stride * sizeof(float));
  const size_t width = least(measures->group_columns, columns - begin);
  for (size_t i = 0; i < width && search->factor; i++)
    memcpy(memory->factor + i * measures->factor_stride, search->factor + (begin + i) * columns + begin,
           width * sizeof(float));
}

/// The motifs that are tried for a block, ascending, and what they leave of it.
static void begin_block(const momos_stage_search *search, const stage_memory *memory, const float *target,
                        const float *inverse, size_t block, stage_beam *beam) {
  const size_t length = search->block_length, padded = search->padded;
  const float *products = memory->products + block * length * padded, *norms = memory->norms + block * padded;
  float twice[MOMOS_PATH_MOST_BLOCK];
  for (size_t o = 0; o < length; o++) {
    float sum = target[0] * inverse[o];
    for (size_t i = 1; i <= o; i++) sum += target[i] * inverse[i * length + o];
    twice[o] = 2 * sum;
  }
  for (size_t m = 0; m < padded; m += FIT_LANES) {
    lanes cost = loaded(norms + m);
    for (size_t o = 0; o < length; o++) cost -= loaded(products + o * padded + m) * twice[o];
    const index_lanes bits = (index_lanes)cost;
    store_indices(memory->key + m, bits ^ ((bits >> 31) & 0x7fffffff));
  }
  for (size_t m = search->motif_count; m < padded; m++) memory->key[m] = INT32_MAX;
  choose(memory->key, padded, search->beam_count, beam->motif);
  for (size_t b = 0; b < BEAM; b++) {
    // Missing candidates repeat the first one.
    if (b >= search->beam_count) beam->motif[b] = beam->motif[0];
    for (size_t o = 0; o < length; o++) beam->rest[o][b] = target[o] - search->motifs[o * padded + beam->motif[b]];
    beam->cost[b] = 0;
  }
}

/// The nearest of the added motifs for two vectors of candidates, whose targets times T are `target` [length][2].
INLINE void find_added(const lanes target[][2], const float *added, size_t count, const size_t length,
                       index_lanes nearest[2]) {
  lanes best[2];
  for (int v = 0; v < 2; v++) best[v] = (lanes){0} - __builtin_inff(), nearest[v] = (index_lanes){0};
  for (size_t m = 0; m < count; m++, added += length + 1) {
    const index_lanes here = (index_lanes){0} + (int32_t)m;
    lanes score[2];
    for (int v = 0; v < 2; v++) score[v] = target[0][v] * added[0];
    for (size_t o = 1; o < length; o++)
      for (int v = 0; v < 2; v++) score[v] += target[o][v] * added[o];
    for (int v = 0; v < 2; v++) {
      score[v] -= added[length];
      const index_lanes is_better = score[v] > best[v];
      best[v] = is_better ? score[v] : best[v];
      nearest[v] = is_better ? here : nearest[v];
    }
  }
}

/// One shorter block of the candidates from `lane` on: its motifs, errors and costs.
INLINE void take_part_of(const momos_stage_search *search, const float *added, const float *inverse, size_t part,
                         size_t lane, const size_t length, stage_beam *beam) {
  const size_t begin = part * length;
  lanes target[MOMOS_PATH_MOST_BLOCK][2];
  for (size_t o = 0; o < length; o++)
    for (int v = 0; v < 2; v++) {
      const size_t at = lane + (size_t)v * FIT_LANES;
      lanes sum = loaded(beam->rest[begin] + at) * inverse[o];
      for (size_t i = 1; i <= o; i++) sum += loaded(beam->rest[begin + i] + at) * inverse[i * length + o];
      target[o][v] = sum;
    }
  index_lanes nearest[2];
  find_added(target, added, search->added_count, length, nearest);
  for (int v = 0; v < 2; v++) {
    const size_t at = lane + (size_t)v * FIT_LANES;
    store_indices(beam->added[part] + at, nearest[v]);
    for (size_t o = 0; o < length; o++) {
      lanes chosen;
      for (int i = 0; i < FIT_LANES; i++) chosen[i] = added[(size_t)nearest[v][i] * (length + 1) + o];
      const lanes error = target[o][v] - chosen;
      store(beam->error[begin + o] + at, error);
      store(beam->cost + at, loaded(beam->cost + at) + error * error);
    }
  }
}

static void take_part(const momos_stage_search *search, const float *added, const float *inverse, size_t part,
                      stage_beam *beam) {
  for (size_t lane = 0; lane < BEAM; lane += 2 * FIT_LANES) switch (search->added_length) {
      case 2: take_part_of(search, added, inverse, part, lane, 2, beam); break;
      case 4: take_part_of(search, added, inverse, part, lane, 4, beam); break;
      case 8: take_part_of(search, added, inverse, part, lane, 8, beam); break;
      default: take_part_of(search, added, inverse, part, lane, search->added_length, beam);
    }
}

/// What later columns of the block become by the errors of one of its shorter blocks; `factor` is U from the first
/// row and column of the block on.
static void move_rest(const momos_stage_search *search, const float *factor, size_t stride, size_t part,
                      stage_beam *beam) {
  const size_t length = search->added_length, begin = part * length;
  for (size_t c = begin + length; c < search->block_length; c++)
    for (size_t lane = 0; lane < BEAM; lane += FIT_LANES) {
      lanes value = loaded(beam->rest[c] + lane);
      for (size_t o = begin; o < begin + length; o++) value -= loaded(beam->error[o] + lane) * factor[o * stride + c];
      store(beam->rest[c] + lane, value);
    }
}

/// One longer block of a row, `block` of the group that begins at block `first`; errors and targets are those of the
/// group.
static void take_sum(const momos_stage_search *search, const stage_measures *measures, const stage_memory *memory,
                     size_t first, size_t block, float *targets, float *errors, uint16_t *index, uint16_t *added) {
  const size_t length = search->block_length, added_length = search->added_length, begin = block * length;
  const size_t stride = measures->factor_stride, added_size = search->added_count * (added_length + 1);
  const float *factor = memory->factor + begin * stride;
  stage_beam beam;
  begin_block(search, memory, targets + begin, search->inverses + (first + block) * length * length, block, &beam);
  for (size_t p = 0; p < measures->parts; p++) {
    const size_t part = block * measures->parts + p, at = first * measures->parts + part;
    take_part(search, memory->added + part * added_size, search->added_inverses + at * added_length * added_length, p,
              &beam);
    if (search->factor) move_rest(search, factor + begin, stride, p, &beam);
  }
  size_t winner = 0;
  for (size_t b = 1; b < BEAM; b++)
    if (beam.cost[b] < beam.cost[winner]) winner = b;
  *index = beam.motif[winner];
  for (size_t p = 0; p < measures->parts; p++) added[p] = (uint16_t)beam.added[p][winner];
  for (size_t o = 0; o < length; o++) errors[begin + o] = -beam.error[o][winner];
  if (!search->factor) return;
  // U is zero beyond the group; what is decided may change.
  for (size_t c = (begin + length) / FIT_LANES * FIT_LANES; c < stride; c += FIT_LANES) {
    lanes value = loaded(targets + c);
    for (size_t o = 0; o < length; o++) value += loaded(factor + o * stride + c) * errors[begin + o];
    store(targets + c, value);
  }
}

/// Moves the rows after a group of columns by its errors.
static void move_after_group(const momos_stage_search *search, const stage_measures *measures,
                             const stage_memory *memory, size_t begin, size_t count) {
  const size_t group = measures->group_columns, end = begin + group;
  if (!search->factor || end >= search->columns) return;
  const momos_fixed_product product = {
      .rows = count, .columns = search->columns - end, .inner = group, .a_row_step = group, .a_inner_step = 1,
      .b_stride = search->columns, .c_stride = measures->row_stride, .accumulates = 1};
  f32_multiply(&product, memory->errors, search->factor + begin * search->columns + end, memory->targets + end,
               memory->product);
}

static void encode_stages(const momos_stage_search *search, const float *rows, size_t count, uint16_t *indices,
                          uint16_t *added, void *scratch) {
  const stage_measures measures = stage_measures_of(search);
  stage_memory memory;
  divide_stage_memory(search, count, scratch, &memory);
  for (size_t r = 0; r < count; r++) {
    float *targets = memory.targets + r * measures.row_stride;
    memcpy(targets, rows + r * search->columns, search->columns * sizeof(float));
    memset(targets + search->columns, 0, (measures.row_stride - search->columns) * sizeof(float));
  }
  for (size_t first = 0; first < measures.blocks; first += measures.group_blocks) {
    const size_t begin = first * search->block_length;
    fill_stage_group(search, &measures, first, &memory);
    for (size_t r = 0; r < count; r++)
      for (size_t b = 0; b < measures.group_blocks && first + b < measures.blocks; b++) {
        const size_t at = r * measures.blocks + first + b;
        take_sum(search, &measures, &memory, first, b, memory.targets + r * measures.row_stride + begin,
                 memory.errors + r * measures.group_columns, indices + at, added + at * measures.parts);
      }
    move_after_group(search, &measures, &memory, begin, count);
  }
}

#undef BEAM
