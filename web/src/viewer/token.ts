import { viewerToken } from "../api/actions";
import { ApiError, api } from "../api/client";
import type { Access } from "../api/types";
import { sentenceOf } from "../engine/cause";
import type { EngineCommand, TokenFailure } from "../engine/messages";

/** What a refused viewer token means for the viewer. */
export function tokenFailure(error: unknown): TokenFailure {
  if (!(error instanceof ApiError)) {
    const cause = {
      code: "page_error",
      sentence: "The viewer stopped working. Reload the page.",
      detail: "",
    };
    return { retry: "never", cause };
  }
  const cause = (sentence: string) => ({ code: error.code, sentence, detail: "" });
  if (error.code === "consent_pending") {
    return { retry: "consent", cause: cause("Waiting for the user at the machine to allow the session.") };
  }
  if (error.status === 0 || error.status >= 500 || error.status === 429) {
    return { retry: "soon", cause: cause(error.message) };
  }
  if (error.status === 401) {
    return { retry: "never", cause: cause("You are signed out. Sign in again to go on.") };
  }
  return { retry: "never", cause: cause(sentenceOf(error.code) ?? error.message) };
}

/** A fresh token for the engine: each connection uses one up. */
export async function mintToken(sessionId: string, access: Access): Promise<EngineCommand> {
  try {
    // A page that has just been opened does not know its login yet.
    await api.settled();
    const { token } = await viewerToken(sessionId, access);
    return { type: "token", token };
  } catch (error) {
    return { type: "token-failed", failure: tokenFailure(error) };
  }
}
