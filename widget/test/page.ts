// As much of a page as the Markdown renderer asks for, for tests without a browser. Counts what is done to it.

export const work = { steps: 0 };

export class FakeNode {
  parent: FakeElement | null = null;
  get lastChild(): FakeNode | null {
    return null;
  }
  get textContent(): string {
    return '';
  }
  remove(): void {
    work.steps++;
    const siblings = this.parent?.children;
    // Only the last one is ever removed by the renderer; anything else would be slow, and an error.
    if (siblings?.[siblings.length - 1] !== this) throw new Error('not the last child');
    siblings.pop();
    this.parent = null;
  }
}

class FakeText extends FakeNode {
  readonly data: string;
  constructor(data: string) {
    super();
    this.data = data;
  }
  override get textContent(): string {
    return this.data;
  }
}

export class FakeElement extends FakeNode {
  readonly children: FakeNode[] = [];
  readonly attributes = new Map<string, string>();
  readonly localName: string;
  constructor(localName: string) {
    super();
    this.localName = localName;
  }
  get firstChild(): FakeNode | null {
    return this.children[0] ?? null;
  }
  override get lastChild(): FakeNode | null {
    return this.children[this.children.length - 1] ?? null;
  }
  override get textContent(): string {
    return this.children.map((child) => child.textContent).join('');
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, String(value));
  }
  appendChild<N extends FakeNode>(child: N): N {
    work.steps++;
    child.parent = this;
    this.children.push(child);
    return child;
  }
  append(...children: (FakeNode | string)[]): void {
    for (const child of children) this.appendChild(typeof child === 'string' ? new FakeText(child) : child);
  }
}

/** Puts the page where the renderer looks for it. */
export function fakeDocument(): void {
  Object.assign(globalThis, {
    document: {
      createElement: (name: string) => new FakeElement(name),
    },
  });
}

/** `node` as markup, adjacent texts as one. */
export function markup(node: FakeNode): string {
  if (!(node instanceof FakeElement))
    return node.textContent.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  const attributes = [...node.attributes].map(([name, value]) => ` ${name}="${value}"`).join('');
  return `<${node.localName}${attributes}>${node.children.map(markup).join('')}</${node.localName}>`;
}

/** Every element in `root`. */
export function elements(root: FakeElement): FakeElement[] {
  const inside = root.children.filter((child): child is FakeElement => child instanceof FakeElement);
  return inside.flatMap((child) => [child, ...elements(child)]);
}
