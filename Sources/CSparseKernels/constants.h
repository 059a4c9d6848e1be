// Coefficients that the variants share; but for erf they differ in rounding only.

#pragma once

enum {
  /// The rows whose statistics LayerNorm takes together.
  CSK_STATISTICS_ROWS = 2,
};

// exp(r) ≈ 1 + r + r² · (E0 + E1·r + … + E4·r⁴) for |r| ≤ ln 2 / 2, relative error 3e-9 before
// rounding. All fits are least squares, reweighted to the smallest maximum.
#define CSK_EXP_0 0.49999994f
#define CSK_EXP_1 0.16666521f
#define CSK_EXP_2 0.041668389f
#define CSK_EXP_3 0.0083687454f
#define CSK_EXP_4 0.0013814538f

// The largest square that a sigmoid gate computes with.
#define CSK_SQUARE_MAX 1e30f

// Below this, exp is taken of it instead: the result is next to the smallest normal number.
#define CSK_EXP_MIN -87.0f
// 2^f ≈ 1 + f · (G1 + G2·f + … + G5·f⁴) for |f| ≤ ½, relative error 1.1e-7 before rounding.
#define CSK_EXP2_1 0.693147004f
#define CSK_EXP2_2 0.240222424f
#define CSK_EXP2_3 0.0555073358f
#define CSK_EXP2_4 0.0096715074f
#define CSK_EXP2_5 0.00132647099f

// Below this, 2^x is taken of it instead.
#define CSK_EXP2_MIN -126.0f
#define CSK_LOG2_E 1.442695041f
// −100 · log₂ e: what is added to the score of a key in another zone than the query's.
#define CSK_OTHER_ZONE -144.2695041f
// ln 2 = HIGH + LOW; HIGH has so few bits that its products with small integers are exact.
#define CSK_LN2_HIGH 0.693359375f
#define CSK_LN2_LOW -2.12194440e-4f

// erf(z) ≈ z · (P0 + P1·u + … + P5·u⁵) / (1 + Q1·u + … + Q5·u⁵), u = z², for |z| ≤ 4; absolute
// error 3e-8 before and 5e-7 after rounding. Beyond 4, erf rounds to ±1.
#define CSK_ERF_MAX 4.0f
#define CSK_ERF_P0 1.128379f
#define CSK_ERF_P1 0.19624731f
#define CSK_ERF_P2 0.053467218f
#define CSK_ERF_P3 0.0040035578f
#define CSK_ERF_P4 0.00028803668f
#define CSK_ERF_P5 1.9748104e-06f
#define CSK_ERF_Q1 0.50725079f
#define CSK_ERF_Q2 0.11647569f
#define CSK_ERF_Q3 0.015444255f
#define CSK_ERF_Q4 0.0012163329f
#define CSK_ERF_Q5 3.7480404e-05f

#define CSK_SQRT_HALF 0.70710678f

// In AVX-512 a table in registers is cheaper than a quotient: erf(t / 4) in pieces around
// t = 0, 1, …, 15, each of the fourth degree in t − k; row d holds the coefficients of degree d.
// From t = 15 on erf is taken for 1. Absolute error 1.6e-7 before and 3e-7 after rounding.
#define CSK_ERF_PIECES_MAX 15.0f
// t = |v| / 2 · 4 · √2.
#define CSK_ERF_PIECES_PER_HALF 5.65685425f
static const float csk_erf_pieces[5][16] = {
  {
    0.0f, 0.276326388f, 0.520499885f, 0.711155653f, 0.842700779f, 0.92290014f, 0.966105163f,
    0.986671686f, 0.995322287f, 0.998537302f, 0.999593019f, 0.999899387f, 0.999977887f,
    0.999995708f, 0.999999285f, 1.0f,
  },
  {
    0.28209433f, 0.265002012f, 0.219695508f, 0.160733774f, 0.103778183f, 0.059131179f,
    0.0297328569f, 0.013193626f, 0.00516649848f, 0.00178537681f, 0.000544454204f, 0.000146516497f,
    3.47937166e-05f, 7.29120211e-06f, 1.34826678e-06f, 7.48281309e-06f,
  },
  {
    9.1910897e-06f, -0.0165622216f, -0.0274613686f, -0.0301370621f, -0.0259442739f,
    -0.0184784755f, -0.0111499531f, -0.00577237597f, -0.00258337939f, -0.00100435293f,
    -0.000340322295f, -0.00010074582f, -2.61007499e-05f, -5.92572542e-06f, -1.18014896e-06f,
    7.23834746e-05f,
  },
  {
    -0.00593265658f, -0.0048064529f, -0.00228629378f, 0.000402426114f, 0.00214098417f,
    0.00260336953f, 0.00216344441f, 0.00141069456f, 0.000757460599f, 0.000342694897f,
    0.000132339541f, 4.39752257e-05f, 1.26418445e-05f, 3.15613102e-06f, 6.86216083e-07f,
    0.000232359831f,
  },
  {
    0.000133146808f, 0.000491711951f, 0.000709927524f, 0.000585757138f, 0.000270733959f,
    -2.17978122e-05f, -0.000172156389f, -0.000186942474f, -0.000134498245f, -7.48525053e-05f,
    -3.39794897e-05f, -1.29042273e-05f, -4.15880959e-06f, -1.14774036e-06f, -2.72902582e-07f,
    0.000232139384f,
  },
};
