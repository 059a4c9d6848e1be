// Means and variances of rows.

#pragma once

#include "../constants.h"
#include "../square-root.h"

/// The mean of a row and the factor 1 / √(variance + epsilon), in all lanes.
typedef struct csk_statistics {
  csk_vector mean;
  csk_vector factor;
} csk_statistics;

/// Returns the mean of `width` numbers, in all lanes.
CSK_INLINE csk_vector csk_row_mean(const float *_Nonnull x, size_t width) {
  // Four sums hide the latency of the additions.
  const size_t fours = width / (4 * CSK_LANES) * (4 * CSK_LANES);
  const size_t whole = width / CSK_LANES * CSK_LANES;
  csk_vector sum[4] = {csk_load_first(x + whole, csk_first_lanes(width - whole))};
  for (size_t j = 1; j < 4; j++) sum[j] = csk_zero();
  for (size_t i = 0; i < fours; i += 4 * CSK_LANES) {
    for (size_t j = 0; j < 4; j++) sum[j] = csk_add(sum[j], csk_load(x + i + CSK_LANES * j));
  }
  for (size_t i = fours; i < whole; i += CSK_LANES) sum[1] = csk_add(sum[1], csk_load(x + i));
  const csk_vector total = csk_add(csk_add(sum[0], sum[1]), csk_add(sum[2], sum[3]));
  return csk_set1(csk_lane_sum(total) / (float)width);
}

/// Returns 1 / √(variance + epsilon) of `width` numbers, in all lanes; the variance is the mean
/// square of x − mean.
CSK_INLINE csk_vector csk_row_factor(
    const float *_Nonnull x, size_t width, csk_vector mean, float epsilon) {
  const size_t fours = width / (4 * CSK_LANES) * (4 * CSK_LANES);
  const size_t whole = width / CSK_LANES * CSK_LANES;
  const csk_lanes rest = csk_first_lanes(width - whole);
  const csk_vector last = csk_keep(rest, csk_sub(csk_load_first(x + whole, rest), mean));
  csk_vector sum[4] = {csk_mul(last, last)};
  for (size_t j = 1; j < 4; j++) sum[j] = csk_zero();
  for (size_t i = 0; i < fours; i += 4 * CSK_LANES) {
    for (size_t j = 0; j < 4; j++) {
      const csk_vector difference = csk_sub(csk_load(x + i + CSK_LANES * j), mean);
      sum[j] = csk_fma(difference, difference, sum[j]);
    }
  }
  for (size_t i = fours; i < whole; i += CSK_LANES) {
    const csk_vector difference = csk_sub(csk_load(x + i), mean);
    sum[1] = csk_fma(difference, difference, sum[1]);
  }
  const csk_vector squares = csk_add(csk_add(sum[0], sum[1]), csk_add(sum[2], sum[3]));
  const float variance = csk_lane_sum(squares) / (float)width;
  return csk_set1(1 / csk_square_root(variance + epsilon));
}

/// Writes the statistics of the first of `rows` rows, up to CSK_STATISTICS_ROWS of them.
///
/// A row's mean and factor are each the end of a long chain; those of several rows overlap.
CSK_INLINE void csk_rows_statistics(
    const float *_Nonnull x, size_t rows, size_t width, float epsilon,
    csk_statistics *_Nonnull of_rows) {
  const size_t count = rows < CSK_STATISTICS_ROWS ? rows : CSK_STATISTICS_ROWS;
  for (size_t i = 0; i < count; i++) of_rows[i].mean = csk_row_mean(x + i * width, width);
  for (size_t i = 0; i < count; i++) {
    of_rows[i].factor = csk_row_factor(x + i * width, width, of_rows[i].mean, epsilon);
  }
}
