// The entry of the bundle: reads the script tag that loaded it and puts one widget on the page. It must never throw into
// the host page, whatever the page looks like, and never put up a second widget.

import { readConfig } from './config';
import { mountWidget } from './widget';

function start(): void {
  // An element of that id has that name too.
  if (window.OpenChat?.send) return;
  const tag =
    (document.currentScript as HTMLElement | null) ??
    document.querySelector<HTMLElement>('script[src*="chat-widget.js"]');
  const pageLanguage = tag?.closest<HTMLElement>('[lang]')?.lang;
  try {
    window.OpenChat = mountWidget(readConfig(tag?.dataset ?? {}, [pageLanguage, ...navigator.languages]));
  } catch (fault) {
    console.error('Open Chat Widget:', fault);
  }
}

start();
