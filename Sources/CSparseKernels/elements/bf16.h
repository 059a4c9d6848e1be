// The numbers in memory that a template takes and gives: bf16. The header of the vectors precedes.

#pragma once

typedef uint16_t element;

/// Loads elements as fp32.
CSK_INLINE csk_vector load_elements(const element *_Nonnull from) {
  return csk_widen_vector(csk_load_bf16(from));
}

/// Loads the elements of the first lanes as fp32; the other lanes are zero.
CSK_INLINE csk_vector load_first_elements(const element *_Nonnull from, csk_lanes lanes) {
  return csk_widen_vector(csk_load_first_bf16(from, lanes));
}

/// Stores fp32 numbers, rounded to elements.
CSK_INLINE void store_elements(element *_Nonnull to, csk_vector v) {
  csk_store_bf16(to, csk_narrow_vector(v));
}

/// Stores the fp32 numbers of the first lanes, rounded to elements.
CSK_INLINE void store_first_elements(element *_Nonnull to, csk_lanes lanes, csk_vector v) {
  csk_store_first_bf16(to, lanes, csk_narrow_vector(v));
}

/// Rounds fp32 numbers to the nearest elements.
CSK_INLINE csk_vector round_to_elements(csk_vector v) {
  return csk_widen_vector(csk_narrow_vector(v));
}
