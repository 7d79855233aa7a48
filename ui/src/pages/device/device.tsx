// A device, or a client with all of its devices: who it is and what is done to it, its day, what applies
// to it now and why, and what the settings say of it.

import { useSignal } from "@preact/signals";
import { addressOf, place } from "../../address";
import { Foreign, Translated } from "../../parts/foreign";
import { useKnown } from "../../parts/policy/known";
import { LastChange } from "../../parts/policy/undo";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { About } from "./about";
import { Applies } from "./applies";
import { ClientForm } from "./client_form";
import { Day } from "./day";
import { MayIt } from "./may_it";
import { subjectOf } from "./subject";
import "./device.css";

const EVERY_MS = 15_000;

export default function DevicePage() {
  const read = (signal: AbortSignal) => told(api.GET("/devices", { signal }));
  const polled = usePolled("devices", read, EVERY_MS);
  const known = useKnown();
  const turns = useSignal(0);
  const text = place.value.item;
  const found = polled.last.value;
  if (!found || !known.last.value) return <p class="quiet">{t("frame.loading")}</p>;
  const subject = subjectOf(text, found.devices, known.last.value);
  async function again(): Promise<void> {
    await Promise.all([polled.now(), known.now()]);
  }
  if (!subject)
    return (
      <section class="card">
        <h1>
          <Foreign text={text} />
        </h1>
        <p>{found.hidden ? <Translated text={found.hidden} /> : t("device.nobody")}</p>
        <a href={addressOf("devices")}>{t("device.all")}</a>
      </section>
    );
  // Rules for a time and pauses change what applies as well, but not the revision.
  const revision = `${known.last.value.revision} ${turns.value}`;
  return (
    <div class="device" key={subject.asked}>
      <LastChange onUndone={again} />
      <About
        subject={subject}
        known={known.last.value}
        onChanged={again}
        onTimed={() => {
          turns.value++;
        }}
      />
      {may("log:read") && <Day subject={subject} />}
      {may("log:read") && (
        <Applies subject={subject} known={known.last.value} revision={revision} />
      )}
      {may("log:read") && <MayIt subject={subject} revision={revision} />}
      {subject.client && (
        <ClientForm client={subject.client} known={known.last.value} onChanged={again} />
      )}
    </div>
  );
}
