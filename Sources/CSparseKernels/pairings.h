// How the kept weights of eight inputs are taken two by two.
//
// An instruction that multiplies pairs (vdpbf16ps) wants the two activations of a kept pair side by
// side. They are laid out once for each tile of tokens, in one slot for each pair of inputs that
// may occur. A pairing lists these pairs: the edges of a graph on eight inputs in which every set
// that the pattern may keep has a perfect matching. The fewer edges, the more inputs fit into the
// first-level cache; found by search, the smallest known.

#pragma once

#include "CSparseKernels.h"

/// One weight of each of two groups of four: every pair across.
static const csk_pairing csk_pairing_1_of_4 = {
  .kept = 2, .slots = 16,
  .pairs = {{0, 4}, {0, 5}, {0, 6}, {0, 7}, {1, 4}, {1, 5}, {1, 6}, {1, 7},
            {2, 4}, {2, 5}, {2, 6}, {2, 7}, {3, 4}, {3, 5}, {3, 6}, {3, 7}},
};

/// Two weights of each group of four: every pair within a group.
static const csk_pairing csk_pairing_2_of_4 = {
  .kept = 4, .slots = 12,
  .pairs = {{0, 1}, {2, 3}, {0, 2}, {0, 3}, {1, 2}, {1, 3},
            {4, 5}, {6, 7}, {4, 6}, {4, 7}, {5, 6}, {5, 7}},
};

/// Three weights of each group of four: a cycle that alternates between the groups, since taking
/// one input of each out of it leaves two paths of even length.
static const csk_pairing csk_pairing_3_of_4 = {
  .kept = 6, .slots = 8,
  .pairs = {{0, 4}, {1, 4}, {1, 5}, {2, 5}, {2, 6}, {3, 6}, {3, 7}, {0, 7}},
};

/// Two weights of eight: every pair.
static const csk_pairing csk_pairing_2_of_8 = {
  .kept = 2, .slots = 28,
  .pairs = {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 6}, {0, 7}, {1, 2}, {1, 3}, {1, 4},
            {1, 5}, {1, 6}, {1, 7}, {2, 3}, {2, 4}, {2, 5}, {2, 6}, {2, 7}, {3, 4}, {3, 5},
            {3, 6}, {3, 7}, {4, 5}, {4, 6}, {4, 7}, {5, 6}, {5, 7}, {6, 7}},
};

/// Four weights of eight.
static const csk_pairing csk_pairing_4_of_8 = {
  .kept = 4, .slots = 20,
  .pairs = {{0, 1}, {0, 3}, {0, 4}, {0, 5}, {0, 7}, {1, 3}, {1, 5}, {1, 6}, {1, 7}, {2, 3},
            {2, 4}, {2, 5}, {2, 6}, {2, 7}, {3, 4}, {3, 6}, {4, 5}, {4, 6}, {5, 7}, {6, 7}},
};

/// Six weights of eight.
static const csk_pairing csk_pairing_6_of_8 = {
  .kept = 6, .slots = 12,
  .pairs = {{0, 4}, {0, 5}, {0, 7}, {1, 2}, {1, 3}, {1, 6},
            {2, 6}, {2, 7}, {3, 4}, {3, 5}, {4, 7}, {5, 6}},
};
