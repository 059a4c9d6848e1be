#pragma once

#include <stddef.h>

/// A file that the program carries.
typedef struct {
  /// The content; lives as long as the program.
  const unsigned char *_Nonnull bytes;
  /// The size of the content in bytes.
  size_t size;
} cdd_file;

/// Returns the digits model's `config.json`.
cdd_file cdd_digits_config(void);
/// Returns the dense digits model (safetensors, timm names).
cdd_file cdd_digits_model(void);
/// Returns the 450 images that the demo's search sees (packed data set).
cdd_file cdd_digits_search(void);
/// Returns the 450 images that the demo is tested on at its end (packed data set).
cdd_file cdd_digits_test(void);
/// Returns where the images come from and their licence.
cdd_file cdd_digits_attribution(void);
