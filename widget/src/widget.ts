// Wires the widget's parts: launcher, panel, conversation, what is kept. It must never take the focus unless the visitor
// asked for the chat, and while closed it is a button and nothing else.

import type { OpenChat, OpenChatEvents } from '../types/chat-widget';
import type { Config } from './config';
import { type Conversation, converse } from './conversation';
import { isOffline } from './delivery';
import { characters, MAX_CHARACTERS, sendable } from './message';
import { createPlacement, fitAboveKeyboard, watchSheet } from './placement';
import { newSession, storedSession } from './session';
import { openStore } from './storage';
import type { Chat } from './view/chat';
import { createComposer } from './view/composer';
import { button, el, rename, set } from './view/dom';
import { icon } from './view/icons';
import { createLog } from './view/log';
import { createPanel } from './view/panel';
import { adoptStyles } from './view/styles';

const OPEN_KEY = 'os-chatbot-widget-open';

/** Long enough for a screen reader to take notice. */
const ANNOUNCED_MS = 5000;

export function mountWidget(config: Config): OpenChat {
  const { texts, target } = config;
  const store = openStore();
  const events = new EventTarget();
  const gone = new AbortController();
  const { signal } = gone;
  const root = el('div', { class: 'root' });
  const place = createPlacement(config, root, signal, () => log.toEnd());
  const { host } = place;
  let isSheet = false;
  let sessionId = '';
  let silence = 0;
  let conversation: Conversation;

  const isOpen = () => !panel.hidden;

  const tell = (event: keyof OpenChatEvents, detail?: object) => {
    if (event === 'answer' && !isOpen()) {
      host.dataset.unread = '';
      rename(launcher, `${texts('open')} (1)`);
    }
    events.dispatchEvent(new CustomEvent(event, { detail }));
  };

  /** Says `words` to screen readers once; whoever reads the page later must not find them a second time. */
  const announce = (words: string) => {
    // Nobody wants to hear Markdown's marks, nor an endless answer.
    live.textContent = words.slice(0, 2000).replace(/[*_`#|>~]+/g, '');
    clearTimeout(silence);
    silence = setTimeout(() => live.replaceChildren(), ANNOUNCED_MS);
  };

  const begin = (id: string) => {
    conversation?.end();
    sessionId = id;
    conversation = converse(config, store, id, {
      arrange: log.arrange,
      show: log.show,
      busy: composer.busy,
      announce,
      tell,
    });
    conversation.resume();
  };

  const startAnew = () => {
    begin(newSession(store));
    announce(texts('new'));
  };

  const tellModal = () => set(panel, { 'aria-modal': `${isOpen() && isSheet}` });

  const show = (open: boolean) => {
    const changed = open !== isOpen();
    panel.hidden = !open;
    host.dataset.open = `${open}`;
    if (!target) store.set(OPEN_KEY, `${open}`);
    if (open) delete host.dataset.unread;
    rename(launcher, texts(open ? 'close' : 'open'));
    tellModal();
    place.paint();
    if (changed) tell(open ? 'open' : 'close');
    wake();
  };

  /** The visitor asked for the chat: the focus goes there, but not so that a phone's keyboard springs up. */
  const open = () => {
    show(true);
    (isSheet ? panel : composer).focus();
  };

  const close = () => {
    if (target) return;
    show(false);
    launcher.focus();
  };

  /** Back from the network's absence, a laptop's sleep, the browser's cache of pages; or another tab has written. */
  const wake = (event?: Event) => {
    const current = storedSession(store);
    offline.hidden = !isOffline();
    if (current && current !== sessionId) begin(current);
    if (!isOpen() || document.hidden) return;
    if (event?.type === 'storage' || isOffline()) conversation.adopt();
    else void conversation.sync();
  };

  const send = (typed: string) => {
    const text = sendable(typed);
    const fits = !!text && characters(text) <= MAX_CHARACTERS;
    if (fits) conversation.send(text);
    return fits;
  };

  const chat: Chat = {
    ...config,
    conversation: () => conversation,
    send,
    announce,
    close,
    startAnew() {
      startAnew();
      composer.focus();
    },
    isSheet: () => isSheet,
  };
  const log = createLog(chat);
  const composer = createComposer(chat);
  const offline = el('p', { class: 'offline' }, texts('unreachable'));
  const live = el('div', { class: 'live', role: 'status' });
  const panel = createPanel(chat, log.element, offline, composer.element, live);
  const launcher: HTMLElement = button(
    'launcher',
    () => (isOpen() ? close() : open()),
    '',
    icon('chat'),
    icon('close'),
  );
  // On a wide screen the launcher, now a close mark, may hold the focus while the chat is open.
  launcher.onkeydown = ({ key }) => {
    if (key === 'Escape' && isOpen()) close();
  };
  const shadow = host.attachShadow({ mode: 'open' });
  adoptStyles(shadow);
  root.append(panel, launcher);
  shadow.append(root);

  begin(storedSession(store) ?? newSession(store));
  watchSheet((matches) => {
    isSheet = matches && !target;
    host.dataset.mode = target ? 'inline' : isSheet ? 'sheet' : 'float';
    tellModal();
  }, signal);
  const kept = store.get(OPEN_KEY);
  // A sheet would cover the page that the visitor has just gone to.
  show(!!target || ((kept ? kept === 'true' : config.open) && !isSheet));
  fitAboveKeyboard(panel, signal);
  for (const type of ['online', 'offline', 'pageshow', 'visibilitychange', 'storage']) {
    window.addEventListener(type, wake, { signal });
  }
  place.attach();

  return {
    get isOpen() {
      return isOpen();
    },
    open,
    close,
    send,
    newConversation: startAnew,
    on: (name, listener) => events.addEventListener(name, listener as EventListener),
    off: (name, listener) => events.removeEventListener(name, listener as EventListener),
    destroy() {
      // By then it may be another chat's.
      if (!signal.aborted) delete window.OpenChat;
      conversation.end();
      gone.abort();
      host.remove();
    },
  };
}
