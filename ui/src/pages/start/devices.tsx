// Step two: how devices find this server, and whether they do.

import { AskedYet } from "./asked_yet";
import { useSettings, useSetup } from "./known";
import { Machine } from "./machine";
import { Port } from "./port";
import { Routers } from "./routers";

/** A port that is let go of is seen soon after. */
const EVERY_MS = 3_000;

export function DevicesStep() {
  const polled = useSetup(EVERY_MS);
  const settings = useSettings();
  const setup = polled.last.value;
  return (
    <>
      {setup && <Machine setup={setup} />}
      {setup && (
        <Port
          setup={setup}
          settings={settings.last.value}
          onChanged={() => {
            settings.now();
            polled.now();
          }}
        />
      )}
      {setup && <Routers setup={setup} />}
      <AskedYet />
    </>
  );
}
