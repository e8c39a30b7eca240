//! The place where the second program (`crate::rest`) shows its pages. It is loaded when the first of them is opened.

use js_sys::{Promise, Reflect};
use sycamore::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use crate::app::Account;
use crate::feed::{Feed, News};
use crate::rest::SESSION;
use crate::route::Page;
use crate::ui::states::Skeleton;
use crate::ui::tasks::Tasks;

/// Of the start module: loads the second program, once; a promise of what it exports.
const LOAD: &str = "openChatRest";

#[wasm_bindgen]
extern "C" {
    /// What the second program exports.
    #[derive(Clone)]
    type Rest;
    #[wasm_bindgen(method)]
    fn show(this: &Rest, element: &Element, address: &str);
    #[wasm_bindgen(method)]
    fn hide(this: &Rest, element: &Element);
    #[wasm_bindgen(method)]
    fn changed(this: &Rest, conversation: Option<String>);
}

/// How far loading is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loading {
    Runs,
    Done,
    Failed,
}

/// Shows the page in the address.
#[component(inline_props)]
pub(super) fn RestOfPages(page: ReadSignal<Page>) -> View {
    let (tasks, element) = (Tasks::here(), create_node_ref());
    let (rest, loading) = (create_signal(None::<Rest>), create_signal(Loading::Runs));
    tasks.begin(async move {
        let loaded = load().await;
        loading.set(if loaded.is_some() { Loading::Done } else { Loading::Failed });
        rest.set(loaded);
    });
    create_effect(move || {
        page.track();
        if let (Some(rest), Some(element)) = (rest.get_clone(), element_of(element)) {
            untrack(|| rest.show(&element, &address()));
        }
    });
    pass_news_on(rest);
    ask_who_is_there(tasks);
    on_cleanup(move || {
        if let (Some(rest), Some(element)) = (rest.get_clone_untracked(), element_of(element)) {
            rest.hide(&element);
        }
    });
    view! {
        (match loading.get() {
            Loading::Runs => view! { section(class="page") { Skeleton(lines=8) } },
            Loading::Done => view! {},
            Loading::Failed => view! { Failed() },
        })
        div(class="rest", r#ref=element)
    }
}

/// A module that could not be loaded is not asked for again before the page is.
#[component]
fn Failed() -> View {
    let reload = |_| drop(window().location().reload());
    view! {
        div(class="state", role="alert") {
            p { "Couldn’t load this page." }
            button(r#type="button", class="button", on:click=reload) { "Reload" }
        }
    }
}

async fn load() -> Option<Rest> {
    let load: js_sys::Function = Reflect::get(&window(), &JsValue::from_str(LOAD)).ok()?.dyn_into().ok()?;
    let loading: Promise = load.call0(&JsValue::NULL).ok()?.dyn_into().ok()?;
    Some(JsFuture::from(loading).await.ok()?.unchecked_into())
}

fn element_of(element: NodeRef) -> Option<Element> {
    element.try_get().and_then(|node| node.dyn_into().ok())
}

fn address() -> String {
    window().location().pathname().unwrap_or_default()
}

fn pass_news_on(rest: Signal<Option<Rest>>) {
    let feed: Feed = use_context();
    create_effect(move || {
        let changed = feed.news.with(|news| match news {
            Some(News::Changed(summary)) => Some(Some(summary.id)),
            Some(News::Erased(id)) => Some(Some(*id)),
            Some(News::Opened { resumed: false }) => Some(None),
            Some(News::Opened { resumed: true } | News::Token(_)) | None => None,
        });
        if let (Some(changed), Some(rest)) = (changed, rest.get_clone_untracked()) {
            untrack(|| rest.changed(changed.map(|id| id.to_string())));
        }
    });
}

/// When the second program was refused: it says so to the document.
fn ask_who_is_there(tasks: Tasks) {
    let account = Account::here();
    let told = Closure::<dyn FnMut()>::new(move || tasks.begin(account.ask()));
    let _ = document().add_event_listener_with_callback(SESSION, told.as_ref().unchecked_ref());
    on_cleanup(move || {
        let _ = document().remove_event_listener_with_callback(SESSION, told.as_ref().unchecked_ref());
    });
}
