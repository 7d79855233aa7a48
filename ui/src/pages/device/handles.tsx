// What is mostly wanted of a device: another group, its blocking paused, everything blocked for it.

import { groupOf, type Known, saidBy } from "../../parts/policy/known";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { BlockIt } from "./block_it";
import { ItsGroup } from "./its_group";
import { PauseIt } from "./pause_it";
import type { Subject } from "./subject";

const EVERY_MS = 5_000;

interface Given {
  readonly subject: Subject;
  readonly known: Known;
  readonly onChanged: () => void;
  readonly onTimed: () => void;
}

export function Handles({ subject, known, onChanged, onTimed }: Given) {
  const { client } = subject;
  return (
    <div class="handles">
      <ItsGroup subject={subject} known={known} onChanged={onChanged} />
      {client && <Timed name={client.name} group={groupOf(saidBy(client))} onTimed={onTimed} />}
    </div>
  );
}

interface TimedGiven {
  readonly name: string;
  readonly group: string;
  readonly onTimed: () => void;
}

/** What ends by itself. */
function Timed({ name, group, onTimed }: TimedGiven) {
  const read = (signal: AbortSignal) => told(api.GET("/protection", { signal }));
  const polled = usePolled("protection", read, EVERY_MS);
  const pauses = polled.last.value?.pauses;
  if (!pauses) return null;
  function again(): void {
    polled.now();
    onTimed();
  }
  return (
    <>
      <PauseIt name={name} pauses={pauses} onChanged={again} />
      {may("lists:read") && <BlockIt name={name} group={group} pauses={pauses} onChanged={again} />}
    </>
  );
}
