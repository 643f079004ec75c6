import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { createKey, revokeKey } from "../../api/actions";
import { useChange, useKeys } from "../../api/queries";
import type { AgentKey } from "../../api/types";
import { Confirm, Dialog } from "../../ui/dialog";
import { Empty, Failure, Loading } from "../../ui/states";
import { Ago } from "../../ui/time";
import { tell, tellError } from "../../ui/toast";
import { SecretOnce } from "./dialogs";

export function KeysTab({ machineId }: { machineId: string }) {
  const keys = useKeys(machineId);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<AgentKey | null>(null);
  const create = useChange((name: string) => createKey(machineId, name), "machines");
  const revoke = useChange((keyId: string) => revokeKey(machineId, keyId), "machines");

  if (keys.isPending) return <Loading label="Loading keys" />;
  if (keys.isError) return <Failure error={keys.error} what="the keys" retry={() => void keys.refetch()} />;
  const add = (
    <button
      type="button"
      className="button"
      data-testid="new-key"
      disabled={create.isPending}
      onClick={() =>
        void create
          .mutateAsync(`key ${keys.data.items.length + 1}`)
          .then((made) => setSecret(made.secret))
          .catch(tellError)
      }
    >
      <Plus size={14} aria-hidden /> New key
    </button>
  );
  return (
    <div className="form">
      {keys.data.items.length === 0 ? (
        <Empty title="No keys" action={add}>
          Without a key the agent cannot connect.
        </Empty>
      ) : (
        <>
          <ul className="rows">
            {keys.data.items.map((key) => (
              <li key={key.id} className="row" data-testid="key-row">
                <KeyRound size={15} aria-hidden />
                <div className="row-main">
                  <span>
                    {key.name} <code className="muted">cak_{key.prefix}…</code>
                  </span>
                  <span className="muted under">
                    used <Ago at={key.last_used_ms} />
                  </span>
                </div>
                {key.revoked_ms === null ? (
                  <button
                    type="button"
                    className="button small danger"
                    data-testid="revoke-key"
                    onClick={() => setRevoking(key)}
                  >
                    Revoke
                  </button>
                ) : (
                  <span className="badge bad">revoked</span>
                )}
              </li>
            ))}
          </ul>
          <div className="actions">{add}</div>
        </>
      )}
      <Dialog open={secret !== null} onOpenChange={(open) => !open && setSecret(null)} title="New key" wide>
        {secret !== null && <SecretOnce secret={secret} onDone={() => setSecret(null)} />}
      </Dialog>
      <Confirm
        open={revoking !== null}
        onOpenChange={(open) => !open && setRevoking(null)}
        title={`Revoke ${revoking?.name ?? "this key"}?`}
        action="Revoke 1 key"
        run={async () => {
          if (!revoking) return;
          await revoke.mutateAsync(revoking.id);
          tell("Key revoked");
        }}
      >
        An agent that uses it is cut off at once and cannot come back with it.
      </Confirm>
    </div>
  );
}
