// The numbers in memory that a reference takes and gives: fp32.

#pragma once

#include "../scalar.h"

typedef float element;

/// Whether elements are bf16.
static const bool is_bf16 = false;

/// Returns an element as fp32.
static inline float widened(element value) { return value; }

/// Rounds to the nearest element.
static inline element narrowed(float value) { return value; }
