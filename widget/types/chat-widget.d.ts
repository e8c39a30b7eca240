// The types of what the script tag puts on a page. Copy this file into your project, or refer to it:
// /// <reference path="chat-widget.d.ts" />

/** What happened, by the event's name. */
export interface OpenChatEvents {
  /** The chat was opened, by the visitor or by a script. */
  open: undefined;
  close: undefined;
  /** The visitor, or a script, has sent a message. */
  message: { readonly id: string; readonly text: string };
  /** An answer has ended. `id` is that of the message; `text` is Markdown. */
  answer: { readonly id: string; readonly text: string; readonly stopped: boolean };
  /** A message got no answer. `text` is what the visitor reads, `status` the HTTP status, or `failed`, or `cut`. */
  error: { readonly id: string; readonly text: string; readonly status: number | string };
}

export type OpenChatListener<Name extends keyof OpenChatEvents> = (
  event: CustomEvent<OpenChatEvents[Name]>,
) => void;

/** `window.OpenChat`, there as soon as the script has run. */
export interface OpenChat {
  /** Whether the chat is open. */
  readonly isOpen: boolean;
  open(): void;
  close(): void;
  /** Sends `text` as if the visitor had typed it; false if it is empty or too long. */
  send(text: string): boolean;
  /** Leaves the conversation and begins another. */
  newConversation(): void;
  on<Name extends keyof OpenChatEvents>(name: Name, listener: OpenChatListener<Name>): void;
  off<Name extends keyof OpenChatEvents>(name: Name, listener: OpenChatListener<Name>): void;
  /** Takes the chat off the page; the script may be loaded again. */
  destroy(): void;
}

declare global {
  interface Window {
    /** Absent before the script has run, and after `destroy`. */
    OpenChat?: OpenChat;
  }
}
