// Takes a picture of every page in dark and light. Needs `npm run build`, `npm run mock`
// and a Chromium; complaints of the browser (content security policy, errors) are listed.
import { mkdirSync } from "node:fs";
import puppeteer from "puppeteer-core";

const base = process.env.BASE ?? "http://127.0.0.1:5180";
const only = process.argv[2];
mkdirSync("shots", { recursive: true });
const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const complaints = new Set();
let signedIn = false;

async function shoot(name, path, { width = 1280, height = 800, steps } = {}) {
  if (only && !name.includes(only)) return;
  for (const scheme of ["dark", "light"]) {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warn", "warning"].includes(message.type())) complaints.add(`${name}: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.add(`${name}: ${error.message}`));
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    // Without it the page does not even ask whether somebody is signed in.
    await page.evaluateOnNewDocument((known) => {
      if (known) localStorage.setItem("guruconnect.signed-in", "1");
    }, signedIn);
    await page.goto(base + path);
    await new Promise((resolve) => setTimeout(resolve, 700));
    if (steps) await steps(page);
    await new Promise((resolve) => setTimeout(resolve, 350));
    await page.screenshot({ path: `shots/${name}-${scheme}.png` });
    await page.close();
  }
}
const test = (name) => `[data-testid="${name}"]`;
const phone = { width: 390, height: 780 };

await fetch(`${base}/api/auth/logout`, { method: "DELETE" });
await shoot("join", "/");
await shoot("join-phone", "/", phone);
await shoot("join-hint", "/", {
  ...phone,
  steps: async (page) => {
    await page.type(test("join-code"), "k7m-p0");
  },
});
await shoot("join-steps", "/j/K7M-PQ4-XYZ");
await shoot("join-steps-phone", "/j/k7mpq4xyz", phone);
await shoot("join-wrong", "/j/ZZZ-ZZZ-ZZZ", phone);
await shoot("setup", "/setup#demo");
await shoot("login", "/login");
await fetch(`${base}/api/auth/login`, { method: "POST", body: '{"password":"demo"}' });
signedIn = true;
await shoot("machines", "/machines", {
  steps: async (page) => {
    await page.click(test("machine-row"));
  },
});
await shoot("machines-wide", "/machines", {
  width: 1600,
  height: 900,
  steps: async (page) => {
    await page.click(test("machine-row"));
    await page.evaluate(() => [...document.querySelectorAll("[role=tab]")].at(-1).click());
  },
});
await shoot("add-machine", "/machines", { steps: (page) => page.click(test("add-machine")) });
await shoot("sessions", "/sessions");
await shoot("codes", "/codes");
await shoot("code-drawer", "/codes", {
  steps: async (page) => {
    await page.click(test("new-code"));
    await page.waitForSelector(test("create-code"));
    await page.click(test("create-code"));
    await page.waitForSelector(test("code-value"));
  },
});
await shoot("users", "/users");
await shoot("user-dialog", "/users", { steps: (page) => page.click(test("edit-user")) });
await shoot("audit", "/audit", { steps: (page) => page.click(".timeline-line") });
await shoot("settings", "/settings");
await shoot("viewer", `/session/${id(1)}?access=control`, {
  steps: async (page) => {
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await page.click(test("toolbar-info"));
    await page.click(test("toolbar-keys"));
  },
});
await shoot("viewer-desktop-sessions", `/session/${id(1)}?access=control`, {
  steps: async (page) => {
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await page.click(test("toolbar-desktop-sessions"));
  },
});
/** The browser's own folder for pages takes the place of one that a person chooses. */
const ownFolder = async (page) => {
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
    const tools = await root.getDirectoryHandle("Tools", { create: true });
    const write = async (folder, name, size) => {
      const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await stream.write(new Uint8Array(size));
      await stream.close();
    };
    await root.getDirectoryHandle("Logs", { create: true });
    await write(tools, "collect.ps1", 4_120);
    await write(root, "Handbook.pdf", 1_204_551);
    await write(root, "notes.txt", 640);
    await write(root, "setup.msi", 8_440_321);
    window.showDirectoryPicker = () => Promise.resolve(root);
  });
};
const openPanel = async (page) => {
  await page.waitForFunction(() => window.__guruconnect?.stats().state === "live");
  await page.click(test("toolbar-files"));
  await page.waitForSelector(test("files-panel"));
};
const bothSides = async (page) => {
  await ownFolder(page);
  await openPanel(page);
  await page.click(test("local-open"));
  await page.waitForSelector(test("local-notes.txt"));
  await page.waitForSelector(test("remote-Home"));
  await page.click(test("remote-Home"), { count: 2 });
  await page.waitForSelector(test("remote-notes.txt"));
  await page.click(test("local-Handbook.pdf"));
  await page.keyboard.down("Shift");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.up("Shift");
};
const session = `/session/${id(1)}?access=control`;
await shoot("files-closed", session, { steps: openPanel });
await shoot("files-both", session, { steps: bothSides });
await shoot("files-both-phone", session, { ...phone, steps: bothSides });
await shoot("files-both-moved", session, {
  steps: async (page) => {
    await bothSides(page);
    await page.keyboard.press("F5");
    await page.waitForSelector(test("remote-Handbook.pdf"));
    await page.keyboard.press("Tab");
    await page.keyboard.press("c");
    await page.keyboard.press("F5");
    await page.waitForSelector(test("local-crash.log"));
  },
});
await shoot("files-delete", session, {
  steps: async (page) => {
    await bothSides(page);
    await page.keyboard.press("Delete");
  },
});
await shoot("files-one-side", session, {
  steps: async (page) => {
    await page.evaluate(() => {
      delete window.showDirectoryPicker;
    });
    await openPanel(page);
    await page.click(test("files-tab-machine"));
    await page.waitForSelector(test("remote-Home"));
    await page.click(test("remote-Home"), { count: 2 });
    await page.waitForSelector(test("remote-notes.txt"));
    await page.click(test("remote-notes.txt"));
  },
});
await shoot("viewer-watch", `/session/${id(3)}?access=control`);
await shoot("viewer-consent", `/session/${id(2)}?access=control`);
await shoot("viewer-ended", `/session/${id(4)}?access=control`);
await browser.close();
for (const line of complaints) console.log(line);
