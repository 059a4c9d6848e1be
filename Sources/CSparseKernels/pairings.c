#include "pairings.h"

const csk_pairing *csk_pairing_of(size_t kept, size_t group_size) {
  // An odd number of weights in eight is filled up to the next even one.
  switch (group_size * 100 + kept) {
    case 401: return &csk_pairing_1_of_4;
    case 402: return &csk_pairing_2_of_4;
    case 403: return &csk_pairing_3_of_4;
    case 801: case 802: return &csk_pairing_2_of_8;
    case 803: case 804: return &csk_pairing_4_of_8;
    case 805: case 806: return &csk_pairing_6_of_8;
    default: return NULL;
  }
}
