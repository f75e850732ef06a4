export interface Link<Self> {
  chainNext: Self | null;
}

/** First in, first out, linked through the nodes themselves: no allocation on the hot path. */
export class Chain<Node extends Link<Node>> {
  head: Node | null = null;
  #tail: Node | null = null;

  push(node: Node): void {
    if (this.#tail === null) this.head = node;
    else this.#tail.chainNext = node;
    this.#tail = node;
  }

  shift(): Node | null {
    const node = this.head;
    if (node === null) return null;
    this.head = node.chainNext;
    node.chainNext = null;
    if (this.head === null) this.#tail = null;
    return node;
  }

  clear(): void {
    this.head = null;
    this.#tail = null;
  }
}
