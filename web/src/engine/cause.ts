// The stable names and sentences of crates/types/src/cause.rs; a test compares them.

import type { CauseFacts } from "./messages";

const CAUSES: Readonly<Record<number, readonly [name: string, sentence: string]>> = {
  1: ["ended_by_technician", "The technician ended the session."],
  2: ["ended_by_user", "The user at the machine ended the session."],
  3: ["ended_by_agent_exit", "The support program was closed on the machine."],
  4: ["consent_denied", "The user declined. Ask them for a new session when they are ready."],
  5: ["consent_timed_out", "The user did not answer in time. Create a new code and try again."],
  6: ["agent_offline", "The machine is offline. The session goes on by itself when it is back."],
  7: ["superseded", "A newer connection of the same machine took over."],
  8: ["access_revoked", "Your access to this session was withdrawn. Sign in again or ask an administrator."],
  9: ["server_going_away", "The server is restarting. Reconnecting by itself."],
  10: ["session_unknown", "This session no longer exists. Open it again from the machines list."],
  11: ["reaped", "The session was closed because nobody used it and the machine was offline."],
  20: [
    "no_display",
    "The machine has no desktop to show. Check that a user is logged on or a display is attached.",
  ],
  21: ["capture_failed", "The screen cannot be captured at the moment. The agent keeps trying."],
  22: ["monitor_unknown", "That monitor is not there any more. Choose another one."],
  23: ["secure_desktop", "The machine shows a protected screen that cannot be captured."],
  24: ["encoder_fell_back", "The video encoder failed; the picture goes on with another one."],
  25: ["decoder_failed", "The video could not be decoded here; a new picture was asked for."],
  26: ["picture_too_large", "The screen is larger than this viewer can show. Choose a single monitor."],
  27: ["desktop_switching", "The machine takes up its screen again; the picture comes back by itself."],
  28: [
    "desktop_session_disconnected",
    "Nobody is connected to that Windows session, so it has no screen. Choose another one.",
  ],
  29: [
    "desktop_worker_failing",
    "The part of the agent that shows the screen fails again and again. It keeps trying; see its log.",
  ],
  40: ["view_only", "This is a view-only session. Keyboard and mouse are not sent."],
  41: ["not_in_control", "Someone else has control. Ask them for it."],
  42: ["input_unavailable", "The machine does not take keyboard and mouse input at the moment."],
  43: ["key_not_mapped", "The remote keyboard has no such key."],
  44: ["rate_limited", "Input came faster than it may; some of it was dropped."],
  45: ["not_supported", "The machine cannot do that."],
  46: [
    "capture_fell_back",
    "The fast way of capturing the screen failed; the picture goes on by a slower one.",
  ],
  47: [
    "protected_content",
    "A program on the machine does not let its window be captured; that part is black.",
  ],
  48: [
    "session_disconnected",
    "The session on the machine is disconnected and has no screen. Choose another one, or wait until somebody connects.",
  ],
  60: ["agent_stalled", "Nothing has been heard from the machine for a few seconds. Waiting for it."],
  61: ["viewer_too_slow", "This connection is too slow for every picture; some were skipped."],
  62: ["desktop_session_unknown", "That Windows session is not there any more. Choose another one."],
  80: ["clipboard_unavailable", "The clipboard of the machine cannot be used."],
  81: ["clipboard_too_large", "The clipboard content is too large to be sent."],
  100: ["action_unsupported", "This machine cannot do that."],
  101: [
    "action_managed_only",
    "Only a machine with the installed agent can do that, not a one-time session.",
  ],
  102: ["action_attended_only", "The installed agent has administrator rights already."],
  103: ["action_too_soon", "Only one action a second is carried out. Try again."],
  104: ["action_not_verified", "The machine was told, but it did not happen."],
  105: ["action_failed", "The machine refused."],
  106: [
    "action_freed_by_user",
    "The user pressed Ctrl+Alt+Del: keyboard, mouse and screen are theirs again.",
  ],
  108: ["secure_attention_unavailable", "Ctrl+Alt+Del cannot be sent to this machine."],
  109: ["elevation_declined", "The user did not give administrator rights."],
  160: ["elevation_forbidden", "This machine does not allow its users to give administrator rights."],
  161: ["elevation_pending", "The user is being asked for administrator rights."],
  162: ["elevation_active", "This session has administrator rights already."],
  163: ["elevation_lost", "The administrator rights of this session are gone. Ask for them again."],
  82: ["clipboard_private", "What was copied is marked as secret and stays on the machine."],
  83: ["clipboard_unusable", "The clipboard content could not be used."],
  120: ["files_denied", "The rules of this server do not allow moving files this way. Ask an administrator."],
  121: ["file_too_large", "The file is larger than the rules of this server allow."],
  122: ["file_type_blocked", "Files of this type may not be moved. Ask an administrator."],
  123: ["disk_full", "There is not enough room on the disk. Free some and try again."],
  124: ["file_changed", "The file was changed while it was being sent. Try again."],
  125: [
    "file_name_not_allowed",
    "This name cannot be used on the other side. Rename the file and try again.",
  ],
  126: ["file_peer_gone", "The other side is gone. The transfer goes on by itself when it is back."],
  127: ["file_hash_mismatch", "What arrived is not what was sent; it was thrown away. Try again."],
  128: ["files_too_many", "There are too many files in this transfer. Move them in several."],
  129: ["path_too_deep", "The folders are nested too deep, or the path is too long."],
  130: ["file_quota", "More was sent than may be in one transfer."],
  131: ["file_protocol", "The other side broke the rules of the transfer; it was stopped."],
  132: ["file_not_found", "The file or folder is not there any more."],
  133: ["file_access_denied", "The user of the machine may not read or write there. Choose another folder."],
  134: ["file_exists", "Something with this name is there already."],
  135: ["file_io_failed", "The disk could not be read or written. Try again, or choose another folder."],
  136: ["file_not_regular", "This is a link or a device; only files and folders can be moved."],
  137: ["files_cancelled", "The transfer was cancelled."],
  138: [
    "files_no_user",
    "Nobody is logged on at the machine, so there is nobody whose files these would be.",
  ],
  139: ["files_unavailable", "Files of this machine cannot be used at the moment."],
  200: ["drop_not_taken", "The window at that point takes no files."],
  201: ["drop_no_answer", "The program at that point did not answer in time."],
  202: ["drag_no_files", "No files are being dragged on the machine."],
  203: ["drag_unavailable", "Files cannot be dragged on this desktop. Copy and paste them instead."],
  210: [
    "link_name_unknown",
    "The machine could not find the server by its name. Check its network and name servers.",
  ],
  211: [
    "link_refused",
    "Nothing took the machine's connection at the server's address. The server was stopped, or something in between refuses.",
  ],
  212: ["link_unreachable", "The machine had no way to the server. Check its network."],
  213: ["link_timed_out", "The server did not answer the machine in time."],
  214: [
    "link_clock_wrong",
    "The server's certificate was not valid at the machine's time. Check the date and time there.",
  ],
  215: [
    "link_not_trusted",
    "The machine does not trust the server's certificate. A proxy may be inspecting its line.",
  ],
  216: ["link_other_name", "The server's certificate is for another name than the machine asked for."],
  217: ["link_not_secure", "The machine and the server agreed on no secure connection."],
  218: ["link_key_refused", "The server did not accept the machine's key."],
  219: ["link_intercepted", "A proxy or a sign-in page answered the machine instead of the server."],
  220: ["link_server_busy", "The server was busy or answered with an error."],
  221: ["link_broken", "The connection broke while the machine was opening it."],
  222: ["link_no_roots", "The machine has no certificates that it could trust the server by."],
};

/** A cause as it came over the wire, for people. */
export function causeFacts(code: number, detail = ""): CauseFacts {
  const known = CAUSES[code];
  return known
    ? { code: known[0], sentence: known[1], detail }
    : { code: `cause_${code}`, sentence: "Something is not as it should be on the machine.", detail };
}

/** The sentence of a stable name, as the REST API sends it. */
export function sentenceOf(name: string): string | null {
  return Object.values(CAUSES).find(([known]) => known === name)?.[1] ?? null;
}

export const ALL_CAUSES = CAUSES;

interface CloseFacts extends CauseFacts {
  /** Whether it is worth coming back, and how many times in a row. */
  retries: number;
}

const ALWAYS = Number.POSITIVE_INFINITY;

/** Close codes of link.proto: what it means, and whether to come back. */
export function closeFacts(code: number): CloseFacts {
  const facts = (name: string, sentence: string, retries: number): CloseFacts => ({
    code: name,
    sentence,
    detail: "",
    retries,
  });
  switch (code) {
    case 1000:
      return facts("normal", "The connection was closed.", 0);
    case 1001:
      return facts("going_away", "The server is restarting. Reconnecting by itself.", ALWAYS);
    case 1002:
    case 1003:
    case 1007:
      return facts("protocol_error", "The server did not understand this viewer. Reload the page.", 2);
    case 1008:
      return facts("policy", "The server refused this connection.", 2);
    case 1009:
      return facts("too_large", "Something that was sent is larger than the server allows.", 2);
    case 1011:
      return facts("internal", "The server had a problem. Reconnecting by itself.", ALWAYS);
    case 4401:
      return facts("unauthenticated", "Your sign-in is no longer valid for this session. Sign in again.", 2);
    case 4403:
      return facts("forbidden", "You may not open this session. Ask an administrator.", 0);
    case 4404:
      return facts(
        "session_unknown",
        "This session no longer exists. Open it again from the machines list.",
        0,
      );
    case 4408:
      return facts("timed_out", "The connection was silent for too long. Reconnecting by itself.", ALWAYS);
    case 4409:
      return facts("superseded", "This session was opened in another place.", 0);
    case 4410:
      return facts("session_ended", "The session has ended.", 0);
    case 4426:
      return facts("version_unsupported", "This page is older or newer than the server. Reload it.", 0);
    case 4429:
      return facts("rate_limited", "Too much was sent in a short time. Reconnecting by itself.", ALWAYS);
    case 4503:
      return facts("overloaded", "The server is busy. Reconnecting by itself.", ALWAYS);
    default:
      return facts(
        "connection_lost",
        "The connection to the server was lost. Reconnecting by itself.",
        ALWAYS,
      );
  }
}
