//! Waiting, in the browser's own way.

use js_sys::Promise;
use sycamore::prelude::{use_current_scope, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::JsFuture;

/// Something to be done later; dropped, it is not done.
pub(crate) struct Timer {
    id: i32,
    _work: Closure<dyn FnMut()>,
}

impl Timer {
    /// Does `work` once after so many milliseconds, in the scope this is called in.
    pub(crate) fn after(milliseconds: i32, mut work: impl FnMut() + 'static) -> Self {
        let scope = use_current_scope();
        let work = Closure::<dyn FnMut()>::new(move || scope.run_in(&mut work));
        let function = work.as_ref().unchecked_ref();
        let id = window().set_timeout_with_callback_and_timeout_and_arguments_0(function, milliseconds);
        Self { id: id.unwrap_or_default(), _work: work }
    }

    /// Waits so many milliseconds.
    pub(crate) async fn wait(milliseconds: i32) {
        let over = Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        });
        let _ = JsFuture::from(over).await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}
