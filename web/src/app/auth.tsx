import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { type AuthState, api } from "../api/client";
import type { Permission, User } from "../api/types";
import { Loading } from "../ui/states";

export function useAuth(): AuthState {
  return useSyncExternalStore(api.subscribe, api.state);
}

/** The signed-in user; only below `SignedIn`. */
export function useUser(): User {
  const auth = useAuth();
  if (auth.phase !== "signed-in") throw new Error("nobody is signed in");
  return auth.user;
}

/** What a role opens by itself. */
export const BY_ROLE: Record<User["role"], readonly Permission[]> = {
  admin: ["view", "control", "transfer", "manage_users", "manage_clients", "console_access", "shell_access"],
  operator: ["view", "control", "transfer"],
  viewer: ["view"],
  end_user: [],
};

/** For what is offered; the server decides again about what is done. */
export function may(user: User, permission: Permission): boolean {
  return BY_ROLE[user.role].includes(permission) || user.permissions.includes(permission);
}

export function mayUseCodes(user: User): boolean {
  return user.role === "admin" || user.role === "operator";
}

/** Shows its content to whoever is signed in, and the login to everyone else. */
export function SignedIn({ children }: { children: ReactNode }) {
  const auth = useAuth();
  const navigate = useNavigate();
  useEffect(() => {
    if (auth.phase !== "signed-out") return;
    const here = location.pathname + location.search;
    const search = here === "/" || here === "/machines" ? {} : { next: here };
    void navigate({ to: "/login", search, replace: true });
  }, [auth.phase, navigate]);
  return auth.phase === "signed-in" ? children : <Loading label="Signing in" />;
}
