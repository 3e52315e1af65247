//! Chat completions, as OpenAI and everybody compatible with it speak them.
