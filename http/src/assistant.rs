//! The assistant that the configuration names. The only place that names a concrete one.

use std::sync::Arc;

use chat_actors::assistant::{
    Answer, Assistant, DemoAssistant, Limits, OpenAiAssistant, OpenAiSettings, PromptMessage, limited,
};

use crate::config::AssistantKind;

/// An assistant within the configured limits.
struct Limited<A> {
    assistant: A,
    limits: Limits,
}

impl<A: Assistant> Assistant for Limited<A> {
    fn answer(&self, history: Vec<PromptMessage>) -> Answer {
        limited(self.assistant.answer(history), self.limits)
    }
}

/// The configured assistant.
///
/// # Errors
/// Its client cannot be made.
pub(crate) fn assistant(config: &crate::config::Assistant) -> anyhow::Result<Arc<dyn Assistant>> {
    let limits = Limits {
        first_token: config.first_token_timeout,
        between_tokens: config.token_timeout,
        whole_answer: config.answer_timeout,
        max_answer_bytes: config.max_answer_bytes,
    };
    Ok(match config.kind {
        AssistantKind::Demo => Arc::new(Limited { assistant: DemoAssistant, limits }),
        AssistantKind::OpenAi => {
            let settings = OpenAiSettings {
                base_url: config.base_url.to_string(),
                api_key: config.api_key.clone(),
                model: config.model.clone(),
                system_prompt: config.system_prompt.clone(),
                connect_timeout: config.connect_timeout,
                system_proxy: true,
            };
            Arc::new(Limited { assistant: OpenAiAssistant::new(settings)?, limits })
        }
    })
}
