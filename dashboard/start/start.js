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
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this code");
  button.onclick = () => navigator.clipboard?.writeText(text());
  return button;
}

window.openChatMarkdown = (element) => markdown(element, copyButton);

init({ module_or_path: WASM }).catch((error) => {
  console.error(error);
  const loading = document.getElementById("loading");
  if (loading) loading.textContent = "The dashboard could not be started. Reload the page; it needs a current browser.";
});
