extension ConfigurationRules {
  /// Returns whether a key says nothing about what is computed, or is read elsewhere.
  package static func isMetadata(_ key: String) -> Bool {
    metadata.contains(key) || metadataPrefixes.contains { key.hasPrefix($0) }
  }

  private static let metadataPrefixes = ["_", "paper_", "origin_", "test_", "label", "hf_hub_"]

  /// Keys that timm, transformers and this package write beside those of the network.
  private static let metadata: Set<String> = [
    // How images become pixels; read with the preprocessing.
    "crop_mode", "crop_pct", "fixed_input_size", "input_size", "interpolation", "mean",
    "min_input_size", "pool_size", "resize", "std",
    // Where a model comes from.
    "architecture", "architectures", "author", "authors", "citation", "comment", "custom_load",
    "dataset", "datasets", "description", "file", "language", "library_name", "license",
    "license_link", "license_name", "metrics", "model_card", "model_id", "model_name",
    "model_type", "name", "naming", "notes", "pipeline_tag", "source", "state_dict", "tag",
    "tags", "task",
    "task_specific_params", "transformers_version", "timm_version", "torch_dtype", "dtype",
    "url", "version",
    // What was counted and measured.
    "accuracy", "flops", "gmacs", "macs", "num_params", "parameters", "params", "top1", "top5",
    // What the heads are called and how classes are.
    "class_names", "classifier", "first_conv", "id2label", "num_features", "num_labels",
    "problem_type",
    // How a model is trained: nothing of it is left when it is used.
    "attention_probs_dropout_prob", "attention_dropout", "attn_drop_rate", "drop_path_rate",
    "drop_rate", "dropout", "encoder_stride", "epochs", "fix_init", "hidden_dropout_prob",
    "initializer_factor", "initializer_range", "patch_drop_rate", "pos_drop_rate",
    "proj_drop_rate", "seed", "weight_init",
    // What programs return beside logits, and a pooler that no classifier has.
    "gradient_checkpointing", "output_attentions", "output_hidden_states", "pooler_act",
    "pooler_output_size", "return_dict", "use_cache",
    // The objects that hold other keys.
    "model_args", "pretrained_cfg",
  ]
}
