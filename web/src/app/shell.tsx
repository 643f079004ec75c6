import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import {
  CircleUser,
  KeyRound,
  Laptop,
  LogOut,
  MonitorPlay,
  Plus,
  ScrollText,
  Search,
  Settings,
  Ticket,
  Users,
  WifiOff,
} from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { useChanges, useLive, useVersion } from "../api/queries";
import { CodeDrawer } from "../pages/code-drawer";
import { Dropdown, Item, Label, Line } from "../ui/menu";
import { tellError } from "../ui/toast";
import { prefetchViewer } from "../viewer/prefetch";
import "../styles/console.css";
import { may, mayUseCodes, useUser } from "./auth";
import { Brand } from "./brand";
import { PasswordDialog } from "./password-dialog";
import { useSearchText } from "./search";
import { isTyping, ShortcutsDialog } from "./shortcuts";

/** Leaves the first moments to the page itself. */
const PREFETCH_AFTER_MS = 500;

export function Shell() {
  useChanges();
  const user = useUser();
  const version = useVersion();
  const [newCode, setNewCode] = useState(false);
  const [shortcuts, setShortcuts] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const codes = mayUseCodes(user);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "/") {
        event.preventDefault();
        search.current?.focus();
        search.current?.select();
      } else if (event.key === "?") {
        setShortcuts(true);
      } else if (event.key === "n" && codes) {
        setNewCode(true);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [codes]);

  useEffect(() => {
    const timer = setTimeout(prefetchViewer, PREFETCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div className="shell">
      <nav className="rail" aria-label="Main">
        <Brand company={version.data?.company} />
        <ul>
          <NavItem to="/machines" icon={Laptop} label="Machines" />
          <NavItem to="/sessions" icon={MonitorPlay} label="Sessions" />
          {codes && <NavItem to="/codes" icon={Ticket} label="Codes" />}
          <NavItem to="/audit" icon={ScrollText} label="Audit" />
        </ul>
        <ul className="rail-below">
          {may(user, "manage_users") && <NavItem to="/users" icon={Users} label="Users" />}
          {user.role === "admin" && <NavItem to="/settings" icon={Settings} label="Settings" />}
        </ul>
        <p className="rail-version muted">{version.data?.version}</p>
      </nav>
      <header className="topbar">
        <SearchBox inputRef={search} />
        <LiveMark />
        <span className="grow" />
        {codes && (
          <button type="button" className="button" data-testid="new-code" onClick={() => setNewCode(true)}>
            <Plus size={15} aria-hidden />
            New support code
          </button>
        )}
        <UserMenu onShortcuts={() => setShortcuts(true)} />
      </header>
      <main className="content">
        <Outlet />
      </main>
      {codes && <CodeDrawer open={newCode} onOpenChange={setNewCode} />}
      <ShortcutsDialog open={shortcuts} onOpenChange={setShortcuts} />
    </div>
  );
}

function NavItem({ to, icon: Icon, label }: { to: string; icon: typeof Laptop; label: string }) {
  return (
    <li>
      <Link
        to={to}
        className="rail-item"
        activeProps={{ className: "rail-item active", "aria-current": "page" }}
        data-testid={`nav-${to.slice(1)}`}
      >
        <Icon size={17} aria-hidden />
        <span>{label}</span>
      </Link>
    </li>
  );
}

function SearchBox({ inputRef }: { inputRef: React.RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const [text, setText] = useSearchText();
  return (
    <search className="search">
      <Search size={15} aria-hidden />
      <input
        ref={inputRef}
        type="search"
        placeholder="Search machines"
        aria-label="Search machines"
        aria-keyshortcuts="/"
        data-testid="search"
        maxLength={200}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          void navigate({ to: "/machines" });
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText("");
          event.currentTarget.blur();
        }}
      />
      <kbd className="kbd">/</kbd>
    </search>
  );
}

/** Silent when all is well. */
function LiveMark() {
  const live = useLive();
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (live) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), 4000);
    return () => clearTimeout(timer);
  }, [live]);
  if (!late) return null;
  return (
    <span className="badge warn" title="Changes are not told at the moment; lists are asked for every 15 s.">
      <WifiOff size={13} aria-hidden /> not live
    </span>
  );
}

function UserMenu({ onShortcuts }: { onShortcuts(): void }) {
  const user = useUser();
  const navigate = useNavigate();
  const [password, setPassword] = useState(false);
  const logOut = async () => {
    try {
      await api.logout();
    } catch (error) {
      tellError(error);
    }
    await navigate({ to: "/login" });
  };
  return (
    <>
      <Dropdown
        align="end"
        trigger={
          <button type="button" className="button plain" data-testid="user-menu">
            <CircleUser size={17} aria-hidden />
            <span className="truncate user-name">{user.display_name}</span>
          </button>
        }
      >
        <Label>
          {user.username} · {user.role.replace("_", " ")}
        </Label>
        <Item testId="change-password" onSelect={() => setPassword(true)}>
          <KeyRound size={15} aria-hidden /> Change password…
        </Item>
        <Item onSelect={onShortcuts} trail="?">
          Keyboard shortcuts
        </Item>
        <Line />
        <Item testId="log-out" onSelect={() => void logOut()}>
          <LogOut size={15} aria-hidden /> Log out
        </Item>
      </Dropdown>
      <PasswordDialog open={password} onOpenChange={setPassword} />
    </>
  );
}
