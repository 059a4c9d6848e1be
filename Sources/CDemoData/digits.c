#include "CDemoData.h"

static const unsigned char config[] = {
#embed "data/config.json"
};
static const unsigned char model[] = {
#embed "data/digits_vit_dense.safetensors"
};
static const unsigned char search_set[] = {
#embed "data/search.safetensors"
};
static const unsigned char test_set[] = {
#embed "data/test.safetensors"
};
static const unsigned char attribution[] = {
#embed "data/ATTRIBUTION.txt"
};

cdd_file cdd_digits_config(void) { return (cdd_file){config, sizeof config}; }
cdd_file cdd_digits_model(void) { return (cdd_file){model, sizeof model}; }
cdd_file cdd_digits_search(void) { return (cdd_file){search_set, sizeof search_set}; }
cdd_file cdd_digits_test(void) { return (cdd_file){test_set, sizeof test_set}; }
cdd_file cdd_digits_attribution(void) { return (cdd_file){attribution, sizeof attribution}; }
