import { Pencil, Plus } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { changeUser, createUser, removeUser } from "../api/actions";
import { useChange, useUsers } from "../api/queries";
import type { Permission, Role, User } from "../api/types";
import { BY_ROLE, may, useUser } from "../app/auth";
import { Confirm, Dialog } from "../ui/dialog";
import { SelectField, TextField } from "../ui/field";
import { Empty, Failure, Forbidden, Loading, Problem } from "../ui/states";
import { Ago } from "../ui/time";
import { tell } from "../ui/toast";
import { LEAST_PASSWORD } from "./entry";

const ROLES: readonly (readonly [Role, string])[] = [
  ["admin", "Administrator: everything"],
  ["operator", "Operator: sessions, machines, codes"],
  ["viewer", "Viewer: looks, never touches"],
  ["end_user", "End user: own account only"],
];

const PERMISSIONS: readonly (readonly [Permission, string])[] = [
  ["view", "Watch sessions"],
  ["control", "Take control"],
  ["transfer", "Clipboard and files"],
  ["manage_clients", "Add, change and remove machines"],
  ["manage_users", "Add and change users"],
  ["console_access", "Serial consoles"],
  ["shell_access", "Shells"],
];

function beyondRole({ role, permissions }: Pick<User, "role" | "permissions">): Permission[] {
  return permissions.filter((name) => !BY_ROLE[role].includes(name));
}

export function UsersPage() {
  const me = useUser();
  const users = useUsers();
  const [editing, setEditing] = useState<User | "new" | null>(null);

  useEffect(() => {
    document.title = "Users · GuruConnect";
  }, []);

  if (!may(me, "manage_users")) return <Forbidden what="users" />;
  return (
    <section className="page">
      <div className="pane-head">
        <h1>Users</h1>
        <span className="grow" />
        <button type="button" className="button" data-testid="add-user" onClick={() => setEditing("new")}>
          <Plus size={15} aria-hidden /> Add user
        </button>
      </div>
      {users.isPending ? (
        <Loading label="Loading users" />
      ) : users.isError ? (
        <Failure error={users.error} what="users" retry={() => void users.refetch()} />
      ) : users.data.items.length === 0 ? (
        <Empty title="No users" />
      ) : (
        <div className="table-scroll">
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">More permissions</th>
                <th scope="col">Last sign-in</th>
                <th scope="col">
                  <span className="hidden-visually">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {users.data.items.map((user) => (
                <tr key={user.id} data-testid="user-row" data-username={user.username}>
                  <td>
                    <span className="strong">{user.display_name}</span>{" "}
                    {user.id === me.id && <span className="badge">you</span>}{" "}
                    {user.disabled && <span className="badge bad">disabled</span>}
                    <span className="muted under">{user.username}</span>
                  </td>
                  <td>{user.role.replace("_", " ")}</td>
                  <td className="muted">
                    {beyondRole(user)
                      .map((name) => PERMISSIONS.find(([known]) => known === name)?.[1] ?? name)
                      .join(", ") || "–"}
                  </td>
                  <td>
                    <Ago at={user.last_login_ms} />
                  </td>
                  <td className="right">
                    <button
                      type="button"
                      className="button small"
                      data-testid="edit-user"
                      aria-label={`Edit ${user.display_name}`}
                      onClick={() => setEditing(user)}
                    >
                      <Pencil size={13} aria-hidden /> Edit
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <UserDialog
        key={editing === "new" || editing === null ? "new" : editing.id}
        user={editing === "new" ? null : editing}
        open={editing !== null}
        onClose={() => setEditing(null)}
        self={editing !== null && editing !== "new" && editing.id === me.id}
      />
    </section>
  );
}

interface UserDialogProps {
  user: User | null;
  open: boolean;
  onClose(): void;
  self: boolean;
}

function UserDialog({ user, open, onClose, self }: UserDialogProps) {
  const start = {
    username: user?.username ?? "",
    display_name: user?.display_name ?? "",
    role: user?.role ?? ("operator" as Role),
    // The server names everything a user may do; what the role opens is not given one by one.
    permissions: user ? beyondRole(user) : [],
    disabled: user?.disabled ?? false,
    password: "",
  };
  const [form, setForm] = useState(start);
  const [removing, setRemoving] = useState(false);
  const save = useChange(async (next: typeof form) => {
    const { username, display_name, role, disabled, password } = next;
    const permissions = beyondRole(next);
    if (!user) return createUser({ username, display_name, role, permissions, password });
    // Role and state of oneself are not sent at all: nobody changes those.
    const rights = self ? {} : { role, permissions, disabled };
    return changeUser(user.id, { display_name, ...rights, ...(password === "" ? {} : { password }) });
  }, "users");
  const remove = useChange(removeUser, "users");
  const { reset } = save;

  // biome-ignore lint/correctness/useExhaustiveDependencies: starts over each time it opens
  useEffect(() => {
    if (!open) return;
    setForm(start);
    reset();
  }, [open]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const done = await save.mutateAsync(form).catch(() => null);
    if (!done) return;
    tell(user ? `${done.display_name} changed` : `${done.display_name} added`);
    onClose();
  };
  const put = (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change }));
  return (
    <>
      <Dialog open={open} onOpenChange={(next) => !next && onClose()} title={user ? "Edit user" : "Add user"}>
        <form className="form" onSubmit={(event) => void submit(event)} data-testid="user-form">
          <div className="pair">
            <TextField
              label="User name"
              required
              disabled={user !== null}
              autoCapitalize="none"
              autoComplete="off"
              value={form.username}
              onChange={(event) => put({ username: event.target.value })}
            />
            <TextField
              label="Name"
              required
              value={form.display_name}
              onChange={(event) => put({ display_name: event.target.value })}
            />
          </div>
          <SelectField
            label="Role"
            value={form.role}
            options={ROLES}
            disabled={self}
            hint={self ? "Nobody can change their own role. Another administrator can." : undefined}
            onChange={(role) => put({ role })}
          />
          <fieldset className="checks" disabled={self}>
            <legend className="label">Permissions beyond the role</legend>
            {PERMISSIONS.map(([name, label]) => (
              <label key={name} className="check">
                <input
                  type="checkbox"
                  checked={BY_ROLE[form.role].includes(name) || form.permissions.includes(name)}
                  disabled={BY_ROLE[form.role].includes(name)}
                  onChange={(event) =>
                    put({
                      permissions: event.target.checked
                        ? [...form.permissions, name]
                        : form.permissions.filter((one) => one !== name),
                    })
                  }
                />
                {label}
              </label>
            ))}
          </fieldset>
          <TextField
            label={user ? "New password" : "Password"}
            type="password"
            autoComplete="new-password"
            required={!user}
            minLength={LEAST_PASSWORD}
            hint={user ? "Empty: stays as it is" : `At least ${LEAST_PASSWORD} characters`}
            value={form.password}
            onChange={(event) => put({ password: event.target.value })}
          />
          {user && !self && (
            <label className="check">
              <input
                type="checkbox"
                checked={form.disabled}
                onChange={(event) => put({ disabled: event.target.checked })}
              />
              Disabled: cannot sign in, and is signed out now
            </label>
          )}
          {save.error && <Problem error={save.error} />}
          <div className="actions end">
            {user && !self && (
              <button type="button" className="button danger" onClick={() => setRemoving(true)}>
                Remove…
              </button>
            )}
            <button
              type="submit"
              className="button primary"
              disabled={save.isPending}
              data-testid="user-submit"
            >
              {user ? "Save changes" : "Add user"}
            </button>
          </div>
        </form>
      </Dialog>
      <Confirm
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${user?.display_name ?? ""}?`}
        action="Remove 1 user"
        run={async () => {
          if (!user) return;
          await remove.mutateAsync(user.id);
          tell(`${user.display_name} removed`);
          onClose();
        }}
      >
        They are signed out at once and cannot sign in again. What they did stays in the audit.
      </Confirm>
    </>
  );
}
