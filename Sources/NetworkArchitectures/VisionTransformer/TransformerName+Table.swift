extension TransformerName {
  /// The architectures of timm's `vision_transformer` and `deit`, one a line: the name, the width
  /// of a token, the blocks, the heads, the hidden width as a multiple of the token's, the sides of
  /// a patch and of the image, and the words that ``init(row:)`` knows.
  static let table = """
    deit_tiny_patch16_224 192 12 3 4 16 224
    deit_tiny_distilled_patch16_224 192 12 3 4 16 224 distilled
    deit_small_patch16_224 384 12 6 4 16 224
    deit_small_distilled_patch16_224 384 12 6 4 16 224 distilled
    deit_base_patch16_224 768 12 12 4 16 224
    deit_base_patch16_384 768 12 12 4 16 384
    deit_base_distilled_patch16_224 768 12 12 4 16 224 distilled
    deit_base_distilled_patch16_384 768 12 12 4 16 384 distilled
    deit3_base_patch16_224 768 12 12 4 16 224 patchpos scale
    deit3_base_patch16_384 768 12 12 4 16 384 patchpos scale
    deit3_huge_patch14_224 1280 32 16 4 14 224 patchpos scale
    deit3_large_patch16_224 1024 24 16 4 16 224 patchpos scale
    deit3_large_patch16_384 1024 24 16 4 16 384 patchpos scale
    deit3_medium_patch16_224 512 12 8 4 16 224 patchpos scale
    deit3_small_patch16_224 384 12 6 4 16 224 patchpos scale
    deit3_small_patch16_384 384 12 6 4 16 384 patchpos scale
    eva_large_patch14_196 1024 24 16 4 14 196 avg
    eva_large_patch14_336 1024 24 16 4 14 336 avg
    flexivit_base 768 12 12 4 16 240 patchpos
    flexivit_large 1024 24 16 4 16 240 patchpos
    flexivit_small 384 12 6 4 16 240 patchpos
    test_vit 64 6 2 3 16 160
    test_vit2 64 8 2 3 16 160 noclass reg1 scale avg
    test_vit3 96 9 3 2 16 160 noclass reg1 scale map poolall
    vit_base_patch14_dinov2 768 12 12 4 14 518 scale
    vit_base_patch14_reg1_tipsv2 768 12 12 4 14 448 reg1 patchpos scale
    vit_base_patch14_reg4_dinov2 768 12 12 4 14 518 reg4 patchpos scale
    vit_base_patch16_224 768 12 12 4 16 224
    vit_base_patch16_224_miil 768 12 12 4 16 224 noqkvbias
    vit_base_patch16_384 768 12 12 4 16 384
    vit_base_patch16_clip_224 768 12 12 4 16 224 eps1e-5 prenorm
    vit_base_patch16_clip_384 768 12 12 4 16 384 eps1e-5 prenorm
    vit_base_patch16_clip_quickgelu_224 768 12 12 4 16 224 eps1e-5 prenorm quickgelu
    vit_base_patch16_gap_224 768 12 16 4 16 224 noclass avg normfirst
    vit_base_patch16_plus_240 896 12 14 4 16 240 scale
    vit_base_patch16_plus_clip_240 896 12 14 4 16 240 eps1e-5 prenorm
    vit_base_patch16_radio_v3 768 12 12 4 16 512 reg7 patchpos scale nonorm
    vit_base_patch16_reg4_gap_256 768 12 12 4 16 256 noclass reg4 patchpos avg
    vit_base_patch16_siglip_224 768 12 12 4 16 224 noclass map
    vit_base_patch16_siglip_256 768 12 12 4 16 256 noclass map
    vit_base_patch16_siglip_384 768 12 12 4 16 384 noclass map
    vit_base_patch16_siglip_512 768 12 12 4 16 512 noclass map
    vit_base_patch16_siglip_gap_224 768 12 12 4 16 224 noclass avg normfirst
    vit_base_patch16_siglip_gap_256 768 12 12 4 16 256 noclass avg normfirst
    vit_base_patch16_siglip_gap_384 768 12 12 4 16 384 noclass avg normfirst
    vit_base_patch16_siglip_gap_512 768 12 12 4 16 512 noclass avg normfirst
    vit_base_patch32_224 768 12 12 4 32 224
    vit_base_patch32_384 768 12 12 4 32 384
    vit_base_patch32_clip_224 768 12 12 4 32 224 eps1e-5 prenorm
    vit_base_patch32_clip_256 768 12 12 4 32 256 eps1e-5 prenorm
    vit_base_patch32_clip_384 768 12 12 4 32 384 eps1e-5 prenorm
    vit_base_patch32_clip_448 768 12 12 4 32 448 eps1e-5 prenorm
    vit_base_patch32_clip_quickgelu_224 768 12 12 4 32 224 eps1e-5 prenorm quickgelu
    vit_base_patch32_plus_256 896 12 14 4 32 256 scale
    vit_base_patch32_siglip_256 768 12 12 4 32 256 noclass gelutanh map
    vit_base_patch32_siglip_gap_256 768 12 12 4 32 256 noclass gelutanh avg normfirst
    vit_base_patch8_224 768 12 12 4 8 224
    vit_betwixt_patch16_gap_256 640 12 10 4 16 256 noclass scale noqkvbias avg normfirst
    vit_betwixt_patch16_reg1_gap_256 640 12 10 4 16 256 noclass reg1 patchpos scale avg
    vit_betwixt_patch16_reg4_gap_256 640 12 10 4 16 256 noclass reg4 patchpos scale avg
    vit_betwixt_patch16_reg4_gap_384 640 12 10 4 16 384 noclass reg4 patchpos scale avg
    vit_betwixt_patch32_clip_224 640 12 10 4 32 224 eps1e-5 prenorm
    vit_giant_patch14_224 1408 40 16 48/11 14 224
    vit_giant_patch14_clip_224 1408 40 16 48/11 14 224 eps1e-5 prenorm
    vit_giant_patch16_gap_224 1408 40 16 48/11 16 224 noclass avg normfirst
    vit_giant_patch16_radio_v3 1536 40 24 4 16 512 reg7 patchpos nonorm
    vit_giantopt_patch16_siglip_256 1536 40 16 4 16 256 noclass gelutanh map
    vit_giantopt_patch16_siglip_384 1536 40 16 4 16 384 noclass gelutanh map
    vit_giantopt_patch16_siglip_gap_256 1536 40 16 4 16 256 noclass gelutanh avg normfirst
    vit_giantopt_patch16_siglip_gap_384 1536 40 16 4 16 384 noclass gelutanh avg normfirst
    vit_gigantic_patch14_224 1664 48 16 64/13 14 224
    vit_gigantic_patch14_clip_224 1664 48 16 64/13 14 224 eps1e-5 prenorm
    vit_gigantic_patch14_clip_378 1664 48 16 64/13 14 378 eps1e-5 prenorm
    vit_gigantic_patch14_clip_quickgelu_224 1664 48 16 64/13 14 224 eps1e-5 prenorm quickgelu
    vit_huge_patch14_224 1280 32 16 4 14 224
    vit_huge_patch14_clip_224 1280 32 16 4 14 224 eps1e-5 prenorm
    vit_huge_patch14_clip_336 1280 32 16 4 14 336 eps1e-5 prenorm
    vit_huge_patch14_clip_378 1280 32 16 4 14 378 eps1e-5 prenorm
    vit_huge_patch14_clip_quickgelu_224 1280 32 16 4 14 224 eps1e-5 prenorm quickgelu
    vit_huge_patch14_clip_quickgelu_378 1280 32 16 4 14 378 eps1e-5 prenorm quickgelu
    vit_huge_patch14_gap_224 1280 32 16 4 14 224 noclass avg normfirst
    vit_huge_patch16_gap_448 1280 32 16 4 16 448 noclass avg normfirst
    vit_huge_patch16_radio_v3 1280 32 16 4 16 512 reg7 patchpos nonorm
    vit_huge_patch16_radio_v4 1280 32 16 4 16 512 reg9 patchpos nonorm
    vit_intern300m_patch14_448 1024 24 16 4 14 448 scale nonorm
    vit_large_patch14_224 1024 24 16 4 14 224
    vit_large_patch14_clip_224 1024 24 16 4 14 224 eps1e-5 prenorm
    vit_large_patch14_clip_336 1024 24 16 4 14 336 eps1e-5 prenorm
    vit_large_patch14_clip_quickgelu_224 1024 24 16 4 14 224 eps1e-5 prenorm quickgelu
    vit_large_patch14_clip_quickgelu_336 1024 24 16 4 14 336 eps1e-5 prenorm quickgelu
    vit_large_patch14_dinov2 1024 24 16 4 14 518 scale
    vit_large_patch14_reg1_tipsv2 1024 24 16 4 14 448 reg1 patchpos scale
    vit_large_patch14_reg4_dinov2 1024 24 16 4 14 518 reg4 patchpos scale
    vit_large_patch16_224 1024 24 16 4 16 224
    vit_large_patch16_384 1024 24 16 4 16 384
    vit_large_patch16_radio_v3 1024 24 16 4 16 512 reg7 patchpos scale nonorm
    vit_large_patch16_siglip_256 1024 24 16 4 16 256 noclass map
    vit_large_patch16_siglip_384 1024 24 16 4 16 384 noclass map
    vit_large_patch16_siglip_512 1024 24 16 4 16 512 noclass gelutanh map
    vit_large_patch16_siglip_gap_256 1024 24 16 4 16 256 noclass avg normfirst
    vit_large_patch16_siglip_gap_384 1024 24 16 4 16 384 noclass avg normfirst
    vit_large_patch16_siglip_gap_512 1024 24 16 4 16 512 noclass gelutanh avg normfirst
    vit_large_patch32_224 1024 24 16 4 32 224
    vit_large_patch32_384 1024 24 16 4 32 384
    vit_little_patch16_reg1_gap_256 320 14 5 5.6 16 256 noclass reg1 patchpos scale avg
    vit_little_patch16_reg4_gap_256 320 14 5 5.6 16 256 noclass reg4 patchpos scale avg
    vit_medium_patch16_clip_224 512 12 8 4 16 224 eps1e-5 prenorm
    vit_medium_patch16_gap_240 512 12 8 4 16 240 noclass scale noqkvbias avg normfirst
    vit_medium_patch16_gap_256 512 12 8 4 16 256 noclass scale noqkvbias avg normfirst
    vit_medium_patch16_gap_384 512 12 8 4 16 384 noclass scale noqkvbias avg normfirst
    vit_medium_patch16_reg1_gap_256 512 12 8 4 16 256 noclass reg1 patchpos scale avg
    vit_medium_patch16_reg4_gap_256 512 12 8 4 16 256 noclass reg4 patchpos scale avg
    vit_medium_patch32_clip_224 512 12 8 4 32 224 eps1e-5 prenorm
    vit_mediumd_patch16_reg4_gap_256 512 20 8 4 16 256 noclass reg4 patchpos scale avg
    vit_mediumd_patch16_reg4_gap_384 512 20 8 4 16 384 noclass reg4 patchpos scale avg
    vit_small_patch14_dinov2 384 12 6 4 14 518 scale
    vit_small_patch14_reg4_dinov2 384 12 6 4 14 518 reg4 patchpos scale
    vit_small_patch16_224 384 12 6 4 16 224
    vit_small_patch16_36x1_224 384 36 6 4 16 224 scale
    vit_small_patch16_384 384 12 6 4 16 384
    vit_small_patch32_224 384 12 6 4 32 224
    vit_small_patch32_384 384 12 6 4 32 384
    vit_small_patch8_224 384 12 6 4 8 224
    vit_so150m2_patch16_reg1_gap_256 832 21 13 34/13 16 256 noclass reg1 scale noqkvbias avg
    vit_so150m2_patch16_reg1_gap_384 832 21 13 34/13 16 384 noclass reg1 scale noqkvbias avg
    vit_so150m2_patch16_reg1_gap_448 832 21 13 34/13 16 448 noclass reg1 scale noqkvbias avg
    vit_so150m_patch16_reg4_gap_256 896 18 14 2.572 16 256 noclass reg4 avg normfirst
    vit_so150m_patch16_reg4_gap_384 896 18 14 2.572 16 384 noclass reg4 avg normfirst
    vit_so150m_patch16_reg4_map_256 896 18 14 2.572 16 256 noclass reg4 map
    vit_so400m_patch14_reg1_tipsv2 1152 27 16 4304/1152 14 448 reg1 patchpos scale
    vit_so400m_patch14_siglip_224 1152 27 16 3.7362 14 224 noclass map
    vit_so400m_patch14_siglip_378 1152 27 16 3.7362 14 378 noclass map
    vit_so400m_patch14_siglip_384 1152 27 16 3.7362 14 384 noclass map
    vit_so400m_patch14_siglip_gap_224 1152 27 16 3.7362 14 224 noclass avg normfirst
    vit_so400m_patch14_siglip_gap_378 1152 27 16 3.7362 14 378 noclass avg normfirst
    vit_so400m_patch14_siglip_gap_384 1152 27 16 3.7362 14 384 noclass avg normfirst
    vit_so400m_patch14_siglip_gap_448 1152 27 16 3.7362 14 448 noclass avg normfirst
    vit_so400m_patch14_siglip_gap_896 1152 27 16 3.7362 14 896 noclass avg normfirst
    vit_so400m_patch16_radio_v4 1152 27 16 4304/1152 16 512 reg9 patchpos nonorm
    vit_so400m_patch16_siglip_256 1152 27 16 3.7362 16 256 noclass gelutanh map
    vit_so400m_patch16_siglip_384 1152 27 16 3.7362 16 384 noclass gelutanh map
    vit_so400m_patch16_siglip_512 1152 27 16 3.7362 16 512 noclass gelutanh map
    vit_so400m_patch16_siglip_gap_256 1152 27 16 3.7362 16 256 noclass gelutanh avg normfirst
    vit_so400m_patch16_siglip_gap_384 1152 27 16 3.7362 16 384 noclass gelutanh avg normfirst
    vit_so400m_patch16_siglip_gap_512 1152 27 16 3.7362 16 512 noclass gelutanh avg normfirst
    vit_tiny_patch16_224 192 12 3 4 16 224
    vit_tiny_patch16_384 192 12 3 4 16 384
    vit_wee_patch16_reg1_gap_256 256 14 4 5 16 256 noclass reg1 patchpos scale avg
    vit_xsmall_patch16_clip_224 256 10 4 4 16 224 eps1e-5 prenorm
    """

  /// The architectures whose computation is not built, one a line: the name and a word for why.
  static let refusedTable = """
    aimv2_1b_patch14_224 rms
    aimv2_1b_patch14_336 rms
    aimv2_1b_patch14_448 rms
    aimv2_3b_patch14_224 rms
    aimv2_3b_patch14_336 rms
    aimv2_3b_patch14_448 rms
    aimv2_huge_patch14_224 rms
    aimv2_huge_patch14_336 rms
    aimv2_huge_patch14_448 rms
    aimv2_large_patch14_224 rms
    aimv2_large_patch14_336 rms
    aimv2_large_patch14_448 rms
    beit3_base_patch16_224 inner
    beit3_giant_patch14_224 inner
    beit3_giant_patch14_336 inner
    beit3_large_patch16_224 inner
    test_vit4 rms
    vit_base_patch16_18x2_224 parallel
    vit_base_patch16_rpn_224 post
    vit_base_patch16_xp_224 parallel
    vit_dlittle_patch16_reg1_gap_256 diff
    vit_dpwee_patch16_reg1_gap_256 diff
    vit_dwee_patch16_reg1_gap_256 diff
    vit_giant_patch14_dinov2 swiglu
    vit_giant_patch14_reg1_tipsv2 swiglu
    vit_giant_patch14_reg4_dinov2 swiglu
    vit_huge_patch14_xp_224 parallel
    vit_large_patch14_xp_224 parallel
    vit_pwee_patch16_reg1_gap_256 parallel
    vit_small_patch16_18x2_224 parallel
    """
}
