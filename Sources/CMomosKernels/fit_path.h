// Paths of survivors through rows, group by group.

/// The survivor that is first by rank.
static size_t first_survivor(const path_row *row) {
  size_t best = 0;
  for (size_t i = 1; i < row->count; i++)
    if (row->rank[i] < row->rank[best]) best = i;
  return best;
}

/// The motifs and negative errors of the path that ends a group of `count` blocks in `slot`; either may be NULL.
static void trace(const path_history *history, size_t slots, size_t count, size_t slot, size_t length,
                  uint16_t *indices, float *errors) {
  for (size_t b = count; b-- > 0;) {
    const size_t at = b * slots + slot;
    if (indices) indices[b] = history->index[at];
    for (size_t o = 0; errors && o < length; o++) errors[b * length + o] = -history->error[at * length + o];
    slot = history->previous[at];
  }
}

/// The one path before the first block of a row.
static void begin_row(const momos_path_search *search, const path_measures *measures, const float *weights,
                      path_row *row) {
  const size_t length = search->block_length;
  memcpy(row->targets, weights, search->columns * sizeof(float));
  memset(row->targets + search->columns, 0, (measures->row_stride - search->columns) * sizeof(float));
  memcpy(row->windows, row->targets, measures->window_stride * sizeof(float));
  row->count = 1;
  row->cost[0] = 0;
  row->ancestor[0] = 0;
  float square = 0;
  for (size_t o = 0; o < length; o++) {
    float target = row->windows[0] * search->inverses[o];
    for (size_t i = 1; i <= o; i++) target += row->windows[i] * search->inverses[i * length + o];
    square += target * target;
    row->terms[1 + o] = -2 * target;
  }
  row->terms[0] = square;
}

/// Keeps the survivors that passed through the slot `origin` at the end of the group before, moves windows on by one
/// group and lets every survivor be its own ancestor. Costs are counted from the least.
static void keep_descendants(const path_measures *measures, size_t length, size_t origin, path_row *row) {
  const size_t group = measures->group_columns, stride = measures->window_stride;
  size_t kept = 0;
  for (size_t i = 0; i < row->count; i++) {
    if (row->ancestor[i] != origin) continue;
    memmove(row->windows + kept * stride, row->windows + i * stride + group, group * sizeof(float));
    memmove(row->terms + kept * (length + 1), row->terms + i * (length + 1), (length + 1) * sizeof(float));
    row->cost[kept] = row->cost[i];
    row->ancestor[kept++] = (uint16_t)i;
  }
  row->count = kept;
  float base = row->cost[0];
  for (size_t i = 1; i < kept; i++) base = row->cost[i] < base ? row->cost[i] : base;
  for (size_t i = 0; i < kept; i++) row->terms[i * (length + 1)] -= base;
}

/// windows[i, group ...] = the targets of the group after the next, moved by the errors of this group.
static void extend_windows(const momos_path_search *search, const path_measures *measures, const path_memory *memory,
                           path_row *row, const path_history *history, size_t first) {
  const size_t length = search->block_length, group = measures->group_columns, stride = measures->window_stride;
  const size_t begin = first * length + 2 * group;
  for (size_t i = 0; i < row->count; i++) {
    memcpy(row->windows + i * stride + group, row->targets + begin, (stride - group) * sizeof(float));
    if (search->factor)
      trace(history, measures->slots, measures->group_blocks, row->ancestor[i], length, NULL,
            memory->errors + i * group);
  }
  if (!search->factor || begin >= search->columns) return;
  const momos_fixed_product product = {
      .rows = row->count, .columns = group, .inner = group, .a_row_step = group, .a_inner_step = 1,
      .b_stride = measures->factor_stride, .c_stride = stride, .accumulates = 1};
  f32_multiply(&product, memory->errors, memory->factor + 2 * group, row->windows + group, memory->product);
}

/// Decides the group before the one that begins at block `first`: its motifs, and its negative errors in
/// `memory->committed`. Returns the slot in which it ends.
static size_t decide(const momos_path_search *search, const path_measures *measures, const path_memory *memory,
                     path_row *row, const path_history *before, size_t number, size_t first, uint16_t *indices) {
  const size_t origin = row->ancestor[first_survivor(row)];
  if (first > 0)
    trace(before, measures->slots, measures->group_blocks, origin, search->block_length,
          indices + first - measures->group_blocks, memory->committed + number * measures->group_columns);
  return origin;
}

/// Moves the rows from the group after the next on by the errors of the group before the one that begins at `first`.
static void move_rows(const momos_path_search *search, const path_measures *measures, const path_memory *memory,
                      size_t first, size_t count) {
  const size_t group = measures->group_columns, begin = first * search->block_length;
  const size_t target = begin + 2 * group;
  if (!search->factor || first == 0 || target >= search->columns) return;
  const momos_fixed_product product = {
      .rows = count, .columns = search->columns - target, .inner = group, .a_row_step = group, .a_inner_step = 1,
      .b_stride = search->columns, .c_stride = measures->row_stride, .accumulates = 1};
  f32_multiply(&product, memory->committed, search->factor + (begin - group) * search->columns + target,
               memory->targets + target, memory->product);
}

/// Ends a row after its last group, of `count` blocks from `first` on.
static void end_row(const momos_path_search *search, const path_measures *measures, const path_memory *memory,
                    path_row *row, const path_history *last, const path_history *before, size_t number, size_t first,
                    uint16_t *indices) {
  decide(search, measures, memory, row, before, number, first, indices);
  trace(last, measures->slots, measures->blocks - first, first_survivor(row), search->block_length, indices + first,
        NULL);
}

static void encode_surviving(const momos_path_search *search, const float *rows, size_t count, uint16_t *indices,
                             void *scratch) {
  const path_measures measures = path_measures_of(search);
  path_memory memory;
  divide_path_memory(search, count, scratch, &memory);
  for (size_t r = 0; r < count; r++) begin_row(search, &measures, rows + r * search->columns, &memory.rows[r]);
  size_t group = 0, first = 0;
  for (; first + measures.group_blocks < measures.blocks; first += measures.group_blocks, group++) {
    size_t origins[MOMOS_PATH_ROWS];
    fill_group(search, &measures, first, &memory);
    for (size_t r = 0; r < count; r++) {
      path_row *row = &memory.rows[r];
      take_group(search, &measures, &memory, row, &row->history[group % 2], first,
                search->zeros ? search->zeros + r * measures.blocks : NULL);
      origins[r] = decide(search, &measures, &memory, row, &row->history[1 - group % 2], r, first,
                          indices + r * measures.blocks);
    }
    move_rows(search, &measures, &memory, first, count);
    for (size_t r = 0; r < count; r++) {
      path_row *row = &memory.rows[r];
      keep_descendants(&measures, search->block_length, origins[r], row);
      extend_windows(search, &measures, &memory, row, &row->history[group % 2], first);
    }
  }
  fill_group(search, &measures, first, &memory);
  for (size_t r = 0; r < count; r++) {
    path_row *row = &memory.rows[r];
    take_group(search, &measures, &memory, row, &row->history[group % 2], first,
              search->zeros ? search->zeros + r * measures.blocks : NULL);
    end_row(search, &measures, &memory, row, &row->history[group % 2], &row->history[1 - group % 2], r, first,
            indices + r * measures.blocks);
  }
}
