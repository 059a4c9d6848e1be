// The numbers in memory that a reference takes and gives: bf16.

#pragma once

#include "../scalar.h"

typedef uint16_t element;

/// Whether elements are bf16.
static const bool is_bf16 = true;

/// Returns an element as fp32.
static inline float widened(element value) { return csk_widen(value); }

/// Rounds to the nearest element.
static inline element narrowed(float value) { return csk_narrow(value); }
