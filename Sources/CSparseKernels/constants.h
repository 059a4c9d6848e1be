// Coefficients that the variants share, so that they differ in rounding only.

#pragma once

// exp(r) ≈ 1 + r + r² · (E0 + E1·r + … + E4·r⁴) for |r| ≤ ln 2 / 2, relative error 3e-9 before
// rounding (least squares reweighted to the smallest maximum).
#define CSK_EXP_0 0.49999994f
#define CSK_EXP_1 0.16666521f
#define CSK_EXP_2 0.041668389f
#define CSK_EXP_3 0.0083687454f
#define CSK_EXP_4 0.0013814538f

// Below this, exp is taken of it instead: the result is next to the smallest normal number.
#define CSK_EXP_MIN -87.0f
#define CSK_LOG2_E 1.442695041f
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
