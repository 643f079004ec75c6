// The form of a support code; the same rules as crates/types/src/support_code.rs.

export const ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
export const LENGTH = 9;

export interface CodeReading {
  /** Symbols so far, at most nine, upper case, no dashes. */
  symbols: string;
  /** First character that can never be part of a code. */
  stranger: string | null;
  tooLong: boolean;
}

/** Reads whatever was typed or pasted: any case, dashes and spaces anywhere. */
export function readCode(text: string): CodeReading {
  let symbols = "";
  let stranger: string | null = null;
  for (const character of text) {
    if (character === "-" || /\s/u.test(character)) continue;
    // Only ASCII letters have another case here: other scripts have look-alikes.
    const upper = /[a-z]/.test(character) ? character.toUpperCase() : character;
    if (ALPHABET.includes(upper)) symbols += upper;
    else stranger ??= character;
  }
  return { symbols: symbols.slice(0, LENGTH), stranger, tooLong: symbols.length > LENGTH };
}

/** "ABC-DEF-GH2"; partial codes too. */
export function formatCode(symbols: string): string {
  return symbols.match(/.{1,3}/g)?.join("-") ?? "";
}

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  "0": "A code has no zero and no letter O.",
  O: "A code has no zero and no letter O.",
  "1": "A code has no one and no letters I or L.",
  I: "A code has no one and no letters I or L.",
  L: "A code has no one and no letters I or L.",
};

export function hintFor(reading: CodeReading): string | null {
  const { stranger, tooLong } = reading;
  if (stranger !== null) {
    const more = LOOK_ALIKES[stranger.toUpperCase()] ?? "A code has only letters and digits.";
    return `“${stranger}” is never part of a code. ${more}`;
  }
  return tooLong ? "A code has nine characters. Check for one too many." : null;
}

const SPELLING: Readonly<Record<string, string>> = {
  A: "Alfa",
  B: "Bravo",
  C: "Charlie",
  D: "Delta",
  E: "Echo",
  F: "Foxtrot",
  G: "Golf",
  H: "Hotel",
  J: "Juliett",
  K: "Kilo",
  M: "Mike",
  N: "November",
  P: "Papa",
  Q: "Quebec",
  R: "Romeo",
  S: "Sierra",
  T: "Tango",
  U: "Uniform",
  V: "Victor",
  W: "Whiskey",
  X: "X-ray",
  Y: "Yankee",
  Z: "Zulu",
  "2": "two",
  "3": "three",
  "4": "four",
  "5": "five",
  "6": "six",
  "7": "seven",
  "8": "eight",
  "9": "nine",
};

/** For reading aloud, in groups of three: "K as in Kilo", "7 (seven)". */
export function spellCode(code: string): string[][] {
  return (readCode(code).symbols.match(/.{1,3}/g) ?? []).map((group) =>
    [...group].map((symbol) => {
      const word = SPELLING[symbol] ?? symbol;
      return /\d/.test(symbol) ? `${symbol} (${word})` : `${symbol} as in ${word}`;
    }),
  );
}
