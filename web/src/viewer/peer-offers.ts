// Sessions in other tabs of this browser: what was copied on their machines can be pasted
// here. The tabs tell each other of it by name; bytes go by a channel of their own
// (files/peer.ts). A broadcast channel is heard by pages of this very origin only.

const CHANNEL = "guruconnect-sessions";
/** The other tab answers at once, or is gone. */
const ANSWER_MS = 3_000;
/** Names that are told. */
const NAMED = 3;
const LONGEST = 200;

/** What can be pasted here from another session. */
export interface PeerOffer {
  /** The other tab. */
  from: string;
  /** Which of its offers. */
  id: number;
  session: string;
  machine: string;
  count: number;
  /** The first names; hostile. */
  names: string[];
}

/** What a tab has to offer. */
export type OwnOffer = Pick<PeerOffer, "machine" | "count" | "names">;

type Message =
  | { say: "hello"; from: string }
  | ({ say: "offer" } & PeerOffer)
  | { say: "none"; from: string }
  /** `to` is asked whether its offer still stands; it answers; then it is to begin. */
  | { say: "want"; from: string; to: string; id: number }
  | { say: "have"; from: string; to: string; id: number; still: boolean }
  | { say: "go"; from: string; to: string; id: number; channel: string };

/** What a `BroadcastChannel` is to this. */
export interface Tabs {
  send(message: unknown): void;
  listen(hear: (message: unknown) => void): void;
  close(): void;
}

export function openTabs(): Tabs {
  const channel = new BroadcastChannel(CHANNEL);
  return {
    send: (message) => channel.postMessage(message),
    listen: (hear) => {
      channel.onmessage = (event: MessageEvent) => {
        if (event.origin === location.origin) hear(event.data);
      };
    },
    close: () => channel.close(),
  };
}

function random(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

export interface PeerOfferPorts {
  tabs: Tabs;
  session: string;
  /** The newest offer of the others. */
  changed(offer: PeerOffer | null): void;
  /** Another tab takes what is offered here. */
  give(channel: string): void;
}

export class PeerOffers {
  private readonly own = random();
  private offer: OwnOffer | null = null;
  private id = 0;
  /** The newest last. */
  private readonly others = new Map<string, PeerOffer>();
  private waiting: { to: string; id: number; answer(still: boolean): void } | null = null;

  constructor(private readonly ports: PeerOfferPorts) {
    ports.tabs.listen((message) => this.hear(message as Message));
    this.send({ say: "hello", from: this.own });
  }

  /** What this tab has; null for nothing any more. */
  announce(offer: OwnOffer | null): void {
    if (!offer && !this.offer) return;
    this.offer = offer;
    this.id += 1;
    this.tell();
  }

  /** Begins to take it: `receive` listens on a channel before the other tab sends. False:
   * the other tab has it no longer. */
  async take(offer: PeerOffer, receive: (channel: string) => void): Promise<boolean> {
    const { from: to, id } = offer;
    const still = await new Promise<boolean>((answer) => {
      this.waiting?.answer(false);
      this.waiting = { to, id, answer };
      setTimeout(() => answer(false), ANSWER_MS);
      this.send({ say: "want", from: this.own, to, id });
    });
    if (!still) {
      if (this.others.get(to)?.id === id) this.forget(to);
      return false;
    }
    const channel = random();
    receive(channel);
    this.send({ say: "go", from: this.own, to, id, channel });
    return true;
  }

  /** It is not to be shown here. */
  dismiss(offer: PeerOffer): void {
    if (this.others.get(offer.from)?.id === offer.id) this.forget(offer.from);
  }

  close(): void {
    this.send({ say: "none", from: this.own });
    this.ports.tabs.close();
  }

  private send(message: Message): void {
    this.ports.tabs.send(message);
  }

  private tell(): void {
    const { own: from, id, offer } = this;
    const { session } = this.ports;
    if (offer) this.send({ say: "offer", from, id, session, ...offer });
    else this.send({ say: "none", from });
  }

  private hear(message: Message): void {
    switch (message.say) {
      case "hello":
        if (this.offer) this.tell();
        break;
      case "offer": {
        const { from, id, session, machine, count, names } = message;
        // A second tab of this session shows the offer itself.
        if (session === this.ports.session) break;
        this.others.delete(from);
        this.others.set(from, {
          from,
          id,
          session,
          machine: machine.slice(0, LONGEST),
          count,
          names: names.slice(0, NAMED).map((name) => name.slice(0, LONGEST)),
        });
        this.newest();
        break;
      }
      case "none":
        this.forget(message.from);
        break;
      case "want": {
        if (message.to !== this.own) break;
        const still = this.offer !== null && message.id === this.id;
        this.send({ say: "have", from: this.own, to: message.from, id: message.id, still });
        break;
      }
      case "have": {
        const asked = this.waiting;
        if (message.to !== this.own || message.from !== asked?.to || message.id !== asked.id) break;
        this.waiting = null;
        asked.answer(message.still);
        break;
      }
      case "go":
        if (message.to === this.own && this.offer && message.id === this.id) this.ports.give(message.channel);
        break;
    }
  }

  private forget(from: string): void {
    if (this.others.delete(from)) this.newest();
  }

  private newest(): void {
    this.ports.changed([...this.others.values()].at(-1) ?? null);
  }
}
