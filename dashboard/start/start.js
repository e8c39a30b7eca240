// Starts the program. The bundle of this file, of the glue that the build generates and of the widget's Markdown is all the
// JavaScript there is.
import init from "chat-dashboard";
import { markdown } from "../../widget/src/markdown/markdown.ts";

const theme = (() => {
  try {
    return localStorage.getItem("open-chat:theme");
  } catch {
    return null; // Storage is blocked.
  }
})();
if (theme) document.documentElement.dataset.theme = theme;

function copyButton(text) {
  const { clipboard } = navigator;
  if (!clipboard) return ""; // Browsers have one on pages with https only, and on the machine itself.
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this code");
  const done = () => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  button.onclick = () => clipboard.writeText(text()).then(done, () => {});
  return button;
}

window.openChatMarkdown = (element) => markdown(element, copyButton);

// The pages that are not of the inbox: another program, which is loaded once. Early if the first page is one of them.
let rest;
async function loaded() {
  const module = await import(REST_GLUE);
  await module.default({ module_or_path: REST });
  return module;
}
window.openChatRest = () => (rest ??= loaded());
if (/^\/dashboard\/(overview|audit|install|system|conversations\/[^/]+\/audit)\/?$/.test(location.pathname)) {
  window.openChatRest().catch(() => {}); // The page says so.
}

init({ module_or_path: WASM }).catch((error) => {
  console.error(error);
  const loading = document.getElementById("loading");
  if (loading) loading.textContent = "The dashboard could not be started. Reload the page; it needs a current browser.";
});
