// One block of a path search: from the survivors before it to those after it.

/// best[m] = the least of terms[p, 0] + sum over o of terms[p, 1 + o] * products[o, m] over survivors p, and which it
/// was; `vectors` vectors of motifs at a time.
INLINE void find_previous_of(const float *terms, size_t count, const float *products, size_t padded,
                             const size_t length, const size_t vectors, float *best, int32_t *previous) {
  lanes least_cost[4];
  index_lanes at[4];
  UNROLLED for (size_t v = 0; v < vectors; v++) {
    least_cost[v] = (lanes){0} + __builtin_inff();
    at[v] = (index_lanes){0};
  }
  for (size_t p = 0; p < count; p++, terms += length + 1) {
    const index_lanes here = (index_lanes){0} + (int32_t)p;
    lanes cost[4];
    UNROLLED for (size_t v = 0; v < vectors; v++)
      cost[v] = loaded(products + v * FIT_LANES) * terms[1] + terms[0];
    for (size_t o = 1; o < length; o++)
      UNROLLED for (size_t v = 0; v < vectors; v++)
        cost[v] += loaded(products + o * padded + v * FIT_LANES) * terms[1 + o];
    UNROLLED for (size_t v = 0; v < vectors; v++) {
      const index_lanes is_less = cost[v] < least_cost[v];
      least_cost[v] = is_less ? cost[v] : least_cost[v];
      at[v] = is_less ? here : at[v];
    }
  }
  UNROLLED for (size_t v = 0; v < vectors; v++) {
    store(best + v * FIT_LANES, least_cost[v]);
    store_indices(previous + v * FIT_LANES, at[v]);
  }
}

INLINE void find_previous(const float *terms, size_t count, const float *products, size_t padded, const size_t length,
                          float *best, int32_t *previous) {
  size_t m = 0;
  for (; m + 4 * FIT_LANES <= padded; m += 4 * FIT_LANES)
    find_previous_of(terms, count, products + m, padded, length, 4, best + m, previous + m);
  for (; m < padded; m += FIT_LANES)
    find_previous_of(terms, count, products + m, padded, length, 1, best + m, previous + m);
}

/// bases[o, p] = the next target of survivor p before any motif of this block, times T of the next block:
/// (sum over i <= o of next column i * T[i, o]) - (sum over i of target T of this block [i] * shift[i, o]).
INLINE void fill_bases(const path_memory *memory, const path_row *row, const float *next_columns, size_t window_stride,
                       size_t slots, const float *inverse, const float *shift, size_t length) {
  float *const columns = memory->columns, *const bases = memory->bases;
  for (size_t p = 0; p < row->count; p++)
    for (size_t i = 0; i < length; i++) columns[i * slots + p] = next_columns[p * window_stride + i];
  for (size_t p = 0; p < row->count; p += FIT_LANES)
    for (size_t o = 0; o < length; o++) {
      lanes sum = loaded(columns + p) * inverse[o];
      for (size_t i = 1; i <= o; i++) sum += loaded(columns + i * slots + p) * inverse[i * length + o];
      store(bases + o * slots + p, sum);
    }
  for (size_t p = 0; p < row->count; p++)
    for (size_t i = 0; i < length; i++) columns[i * slots + p] = row->terms[p * (length + 1) + 1 + i];
  for (size_t p = 0; p < row->count; p += FIT_LANES)
    for (size_t o = 0; o < length; o++) {
      lanes sum = loaded(columns + p) * shift[o];
      for (size_t i = 1; i < length; i++) sum += loaded(columns + i * slots + p) * shift[i * length + o];
      // Terms are -2 times the targets.
      store(bases + o * slots + p, loaded(bases + o * slots + p) + sum * 0.5f);
    }
}

/// Costs and ranks of paths that end with each motif.
INLINE void fill_costs(const momos_path_search *search, const path_memory *memory, const float *norms,
                       const float *next, size_t slots, const size_t length) {
  const size_t padded = search->padded;
  for (size_t m = 0; m < padded; m += FIT_LANES) {
    const index_lanes previous = loaded_indices(memory->previous + m);
    const lanes cost = loaded(memory->best + m) + loaded(norms + m);
    lanes square = {0};
    for (size_t o = 0; o < length; o++) {
      const lanes target = looked_up(memory->bases + o * slots, slots, previous) + loaded(next + o * padded + m);
      square += target * target;
    }
    const lanes rank = cost + square * search->lookahead;
    const index_lanes bits = (index_lanes)rank;
    store(memory->cost + m, cost);
    store(memory->square + m, square);
    store_indices(memory->key + m, bits ^ ((bits >> 31) & 0x7fffffff));
  }
  // Beyond the last motif, after all others, even those that are not a number.
  for (size_t m = search->motif_count; m < padded; m++) memory->key[m] = INT32_MAX;
}

/// How many keys are below a bound.
INLINE size_t count_below(const int32_t *keys, size_t padded, int32_t bound) {
  index_lanes sum = {0};
  for (size_t m = 0; m < padded; m += FIT_LANES) sum -= loaded_indices(keys + m) < bound;
  size_t count = 0;
  for (int lane = 0; lane < FIT_LANES; lane++) count += (size_t)sum[lane];
  return count;
}

/// A bound above which, or at which, all keys are but the `wanted` smallest; with ties at the bound, fewer are below
/// it. The count of those below comes with it.
static int32_t bound_of(const int32_t *keys, size_t padded, size_t wanted, size_t *below) {
  int32_t low = keys[0], high = keys[0];
  for (size_t m = 1; m < padded; m++) {
    low = keys[m] < low ? keys[m] : low;
    high = keys[m] > high ? keys[m] : high;
  }
  // Below `low` there are at most as many as wanted, up to `high` at least as many.
  *below = 0;
  while (low < high && *below < wanted) {
    const int32_t middle = (int32_t)(low + (((int64_t)high - low) >> 1)) + 1;
    const size_t count = count_below(keys, padded, middle);
    if (count <= wanted) low = middle, *below = count;
    else high = middle - 1;
  }
  return low;
}

/// The `wanted` smallest keys, of equal ones the first: their places, ascending.
static void choose(const int32_t *keys, size_t padded, size_t wanted, uint16_t *chosen) {
  size_t below, count = 0;
  const int32_t bound = bound_of(keys, padded, wanted, &below);
  if (below == wanted) {
    for (size_t m = 0; m < padded; m += FIT_LANES)
      for (uint32_t bits = bits_below(loaded_indices(keys + m), bound); bits; bits &= bits - 1)
        chosen[count++] = (uint16_t)(m + (size_t)__builtin_ctz(bits));
    return;
  }
  size_t equals = wanted - below;
  for (size_t m = 0; m < padded && count < wanted; m++) {
    const int is_equal = keys[m] == bound && equals > 0;
    if (keys[m] < bound || is_equal) chosen[count++] = (uint16_t)m;
    equals -= (size_t)is_equal;
  }
}

/// windows[i] = those of the previous survivor minus the errors times U, from column `begin` on.
INLINE void move_windows(const float *const sources[], const float *errors, float *windows, size_t stride,
                         const float *factor, size_t factor_stride, size_t begin, size_t length, const size_t rows) {
  for (size_t c = begin; c < stride; c += FIT_LANES) {
    lanes value[4];
    UNROLLED for (size_t i = 0; i < rows; i++) value[i] = loaded(sources[i] + c);
    for (size_t o = 0; o < length; o++) {
      const lanes right = loaded(factor + o * factor_stride + c);
      UNROLLED for (size_t i = 0; i < rows; i++) value[i] -= right * errors[i * length + o];
    }
    UNROLLED for (size_t i = 0; i < rows; i++) store(windows + i * stride + c, value[i]);
  }
}

/// The survivors' windows after the block: rows of `memory->windows`, from the windows of `row`.
INLINE void move_all_windows(const momos_path_search *search, const path_measures *measures, const path_memory *memory,
                             const path_row *row, const float *errors, size_t block, size_t count, size_t length) {
  const size_t stride = measures->window_stride, next = (block + 1) * length;
  const size_t begin = next / FIT_LANES * FIT_LANES;
  const float *factor = memory->factor + block * length * measures->factor_stride;
  for (size_t i = 0; i < count; i += 4) {
    const float *sources[4];
    const size_t rows = least(4, count - i);
    for (size_t r = 0; r < rows; r++)
      sources[r] = row->windows + (size_t)memory->previous[memory->chosen[i + r]] * stride;
    float *windows = memory->windows + i * stride;
    if (!search->factor)
      for (size_t r = 0; r < rows; r++)
        memcpy(windows + r * stride + begin, sources[r] + begin, (stride - begin) * sizeof(float));
    else if (rows == 4)
      move_windows(sources, errors + i * length, windows, stride, factor, measures->factor_stride, begin, length, 4);
    else
      for (size_t r = 0; r < rows; r++)
        move_windows(sources + r, errors + (i + r) * length, windows + r * stride, stride, factor,
                     measures->factor_stride, begin, length, 1);
  }
  if (!search->second) return;
  for (size_t i = 0; i < count; i++)
    for (size_t o = 0; o < length; o++)
      memory->windows[i * stride + next + o] -= search->second[o * search->padded + memory->chosen[i]];
}

/// What was made of the survivors' windows, terms and ancestors becomes those of the row.
INLINE void exchange_survivors(path_memory *memory, path_row *row) {
  float *const windows = row->windows, *const terms = row->terms;
  uint16_t *const ancestor = row->ancestor;
  row->windows = memory->windows, memory->windows = windows;
  row->terms = memory->terms, memory->terms = terms;
  row->ancestor = memory->ancestor, memory->ancestor = ancestor;
}

/// The chosen paths become the survivors.
INLINE void follow_chosen(const momos_path_search *search, const path_measures *measures, path_memory *memory,
                          path_row *row, path_history *history, size_t block, size_t count, size_t length) {
  const size_t slots = measures->slots, padded = search->padded;
  const float *products = memory->products + block * length * padded, *next = memory->next + block * length * padded;
  float *errors = history->error + block * slots * length;
  for (size_t i = 0; i < count; i++) {
    const size_t m = memory->chosen[i], p = (size_t)memory->previous[m];
    history->index[block * slots + i] = (uint16_t)m;
    history->previous[block * slots + i] = (uint16_t)p;
    row->cost[i] = memory->cost[m];
    row->rank[i] = memory->cost[m] + memory->square[m] * search->lookahead;
    memory->ancestor[i] = row->ancestor[p];
    float *terms = memory->terms + i * (length + 1);
    terms[0] = memory->cost[m] + memory->square[m];
    for (size_t o = 0; o < length; o++) {
      errors[i * length + o] = -0.5f * row->terms[p * (length + 1) + 1 + o] - products[o * padded + m];
      terms[1 + o] = -2 * (memory->bases[o * slots + p] + next[o * padded + m]);
    }
  }
  move_all_windows(search, measures, memory, row, errors, block, count, length);
  exchange_survivors(memory, row);
  row->count = count;
}

/// Targets of the block after `block`, as the survivors' errors move them, but for those of the block itself.
INLINE void fill_next_targets(const momos_path_search *search, const path_measures *measures,
                              const path_memory *memory, const path_row *row, size_t first, size_t block, size_t length) {
  if (first + block + 1 < measures->blocks)
    fill_bases(memory, row, row->windows + (block + 1) * length, measures->window_stride, measures->slots,
               inverse_of(search, first + block + 1), memory->shift + block * length * length, length);
  else
    memset(memory->bases, 0, length * measures->slots * sizeof(float));
}

/// One block of a row; `first` is the first block of the group.
INLINE void take_block(const momos_path_search *search, const path_measures *measures, path_memory *memory,
                       path_row *row, path_history *history, size_t first, size_t block, const size_t length) {
  const size_t padded = search->padded, slots = measures->slots;
  find_previous(row->terms, row->count, memory->products + block * length * padded, padded, length, memory->best,
                memory->previous);
  fill_next_targets(search, measures, memory, row, first, block, length);
  fill_costs(search, memory, memory->norms + block * padded, memory->next + block * length * padded, slots, length);
  choose(memory->key, padded, search->survivor_count, memory->chosen);
  follow_chosen(search, measures, memory, row, history, block, search->survivor_count, length);
}

/// One block of a row that takes motif 0, zeros: every survivor goes on with it.
static void pass_block(const momos_path_search *search, const path_measures *measures, path_memory *memory,
                       path_row *row, path_history *history, size_t first, size_t block, size_t length) {
  const size_t slots = measures->slots;
  fill_next_targets(search, measures, memory, row, first, block, length);
  float *errors = history->error + block * slots * length;
  for (size_t i = 0; i < row->count; i++) {
    const float *before = row->terms + i * (length + 1);
    float *terms = memory->terms + i * (length + 1), square = 0;
    for (size_t o = 0; o < length; o++) {
      const float target = memory->bases[o * slots + i];
      square += target * target;
      errors[i * length + o] = -0.5f * before[1 + o];
      terms[1 + o] = -2 * target;
    }
    row->cost[i] = before[0];
    row->rank[i] = before[0] + square * search->lookahead;
    terms[0] = before[0] + square;
    memory->ancestor[i] = row->ancestor[i];
    history->index[block * slots + i] = 0;
    history->previous[block * slots + i] = (uint16_t)i;
    memory->chosen[i] = (uint16_t)i;
    memory->previous[i] = (int32_t)i;
  }
  move_all_windows(search, measures, memory, row, errors, block, row->count, length);
  exchange_survivors(memory, row);
}

/// - Parameter zeros: of the row, or NULL.
static void take_group(const momos_path_search *search, const path_measures *measures, path_memory *memory,
                       path_row *row, path_history *history, size_t first, const uint8_t *zeros) {
  const size_t end = least(measures->group_blocks, measures->blocks - first);
#define TAKE_BLOCKS(length)                                                          \
  for (size_t b = 0; b < end; b++)                                                   \
    if (zeros && zeros[first + b])                                                   \
      pass_block(search, measures, memory, row, history, first, b, length);          \
    else                                                                             \
      take_block(search, measures, memory, row, history, first, b, length)
  switch (search->block_length) {
    case 1: TAKE_BLOCKS(1); break;
    case 2: TAKE_BLOCKS(2); break;
    case 4: TAKE_BLOCKS(4); break;
    case 8: TAKE_BLOCKS(8); break;
    default: TAKE_BLOCKS(search->block_length);
  }
#undef TAKE_BLOCKS
}
