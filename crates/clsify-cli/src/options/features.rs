//! Options for turning sentences into features.

use clap::{Args, ValueEnum};
use clsify::encoder::Dtype;
use clsify::features::Layers;
use clsify::model::Features;

/// Options for the layers and the pooling of features.
#[derive(Args)]
pub(crate) struct PooledArgs {
    /// Pool the hidden states of these layers: last (the default), one such as 9 (0 is the embeddings), a range such
    /// as 9-12, or all
    ///
    /// The vectors of several layers are put side by side.
    #[arg(long, value_name = "LAYERS")]
    pub(crate) layers: Option<Layers>,

    /// Pool the hidden states of each sentence to one vector: cls (the default), mean, max, auto, or several side by
    /// side such as cls+mean
    ///
    /// `auto` does what the encoder's sentence-transformers folder asks for: its pooling, dense layers and
    /// normalisation, `truncate_dim`, `max_seq_length`, `do_lower_case`, and the default prompt. With any other value
    /// only the pooling that you name applies.
    #[arg(long, value_name = "POOLING")]
    pub(crate) pooling: Option<Features>,
}

impl PooledArgs {
    /// Returns true if the encoder's folder determines the pooling.
    pub(crate) fn is_auto(&self) -> bool {
        matches!(self.pooling, Some(Features::SentenceTransformer { .. }))
    }

    pub(crate) fn layers(&self) -> Layers {
        self.layers.unwrap_or_default()
    }

    pub(crate) fn features(&self) -> Features {
        self.pooling.clone().unwrap_or_default().of_layers(self.layers())
    }

    /// The first of its options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let layers = self.layers.as_ref().map(|_| "--layers");
        layers.or(self.pooling.as_ref().map(|_| "--pooling"))
    }
}

/// Options for encoding sentences.
#[derive(Clone, Args)]
pub(crate) struct EncodingArgs {
    /// Cut sentences off after N tokens, including special tokens; the default is the encoder's limit
    ///
    /// With --pooling auto the default is the folder's `max_seq_length`.
    #[arg(long, value_name = "N")]
    pub(crate) max_length: Option<usize>,

    /// Put this text, or the prompt of this name in the encoder's folder, before every sentence; it is saved with a
    /// model
    ///
    /// Encoders such as e5 were trained with prompts: --prompt "query: ". A name is looked up in
    /// `config_sentence_transformers.json`. The default is no prompt, or with --pooling auto the folder's default
    /// prompt; "" always means no prompt.
    #[arg(long, value_name = "NAME|TEXT")]
    pub(crate) prompt: Option<String>,

    /// Compute the encoder in this data type: f32 is exact; bf16 and int8 are faster on processors that support them
    ///
    /// `auto` selects bf16 if the processor supports it, otherwise f32.
    #[arg(long, value_enum, default_value_t = DtypeArg::F32)]
    pub(crate) dtype: DtypeArg,
}

/// Options for turning sentences into features.
#[derive(Args)]
pub(crate) struct FeatureArgs {
    #[command(flatten)]
    pub(crate) pooled: PooledArgs,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DtypeArg {
    F32,
    Bf16,
    Int8,
    Auto,
}

impl From<DtypeArg> for Dtype {
    fn from(arg: DtypeArg) -> Self {
        match arg {
            DtypeArg::F32 => Dtype::F32,
            DtypeArg::Bf16 => Dtype::Bf16,
            DtypeArg::Int8 => Dtype::Int8,
            DtypeArg::Auto => Dtype::auto(),
        }
    }
}
