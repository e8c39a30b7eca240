// Starts the program: the bundle of this file and of the glue that the build generates is all the JavaScript there is.
import init from "chat-dashboard";

const theme = (() => {
  try {
    return localStorage.getItem("open-chat:theme");
  } catch {
    return null; // Storage is blocked.
  }
})();
if (theme) document.documentElement.dataset.theme = theme;

init({ module_or_path: WASM }).catch((error) => {
  console.error(error);
  const loading = document.getElementById("loading");
  if (loading) loading.textContent = "The dashboard could not be started. Reload the page; it needs a current browser.";
});
