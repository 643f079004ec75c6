// What is asked of the machine about drags, and what it answers.

import { causeFacts } from "../engine/cause";
import { isPlain } from "../engine/clipboard-files";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import type { DraggedOut, FileDropped } from "../gen/guruconnect/v2/file_pb";
import { MAX_CLIPBOARD_PATHS } from "../wire/limits";
import type { FilesCommand, FilesEvent, RemotePath } from "./facts";
import type { Say } from "./task";

type DragCommand = Extract<FilesCommand, { do: "drop" | "drag-out" }>;

export class Drags {
  private readonly drops = new Set<number>();
  private readonly outs = new Map<number, RemotePath[]>();

  constructor(
    private readonly say: Say,
    private readonly post: (event: FilesEvent) => void,
  ) {}

  ask(command: DragCommand, linked: boolean): void {
    const { request } = command;
    if (command.do === "drop") {
      this.drops.add(request);
      const { folder, x, y } = command;
      this.say({ case: "drop", value: { request, folder, position: { x, y } } });
    } else {
      this.outs.set(request, []);
      this.say({ case: "dragOut", value: { request } });
    }
    if (!linked) this.lost();
  }

  dropped({ request, cause, folder }: FileDropped): void {
    if (!this.drops.delete(request)) return;
    const put = folder && { place: folder.place, parts: folder.parts };
    this.post({
      what: "dropped",
      request,
      cause: cause ? causeFacts(cause.code) : null,
      folder: put && isPlain(put) ? put : null,
    });
  }

  draggedOut({ request, paths, last, cause }: DraggedOut): void {
    const sofar = this.outs.get(request);
    if (!sofar) return;
    sofar.push(...paths.map(({ place, parts }) => ({ place, parts })).filter(isPlain));
    const many = sofar.length > MAX_CLIPBOARD_PATHS;
    if (!last && !many) return;
    this.outs.delete(request);
    const why = many ? CauseCode.FILES_TOO_MANY : cause?.code;
    this.post({
      what: "dragged-out",
      request,
      paths: many ? [] : sofar,
      cause: why === undefined ? null : causeFacts(why),
    });
  }

  /** Nobody answers any more. */
  lost(): void {
    const cause = causeFacts(CauseCode.FILE_PEER_GONE);
    for (const request of this.drops) this.post({ what: "dropped", request, cause, folder: null });
    for (const request of this.outs.keys()) this.post({ what: "dragged-out", request, paths: [], cause });
    this.drops.clear();
    this.outs.clear();
  }
}
