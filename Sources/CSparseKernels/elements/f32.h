// The numbers in memory that a template takes and gives: fp32. The header of the vectors precedes.

#pragma once

typedef float element;

/// Loads elements as fp32.
CSK_INLINE csk_vector load_elements(const element *_Nonnull from) { return csk_load(from); }

/// Loads the elements of the first lanes as fp32; the other lanes are zero.
CSK_INLINE csk_vector load_first_elements(const element *_Nonnull from, csk_lanes lanes) {
  return csk_load_first(from, lanes);
}

/// Stores fp32 numbers, rounded to elements.
CSK_INLINE void store_elements(element *_Nonnull to, csk_vector v) { csk_store(to, v); }

/// Stores the fp32 numbers of the first lanes, rounded to elements.
CSK_INLINE void store_first_elements(element *_Nonnull to, csk_lanes lanes, csk_vector v) {
  csk_store_first(to, lanes, v);
}

/// Rounds fp32 numbers to the nearest elements.
CSK_INLINE csk_vector round_to_elements(csk_vector v) { return v; }
