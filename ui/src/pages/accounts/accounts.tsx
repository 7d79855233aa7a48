// Who may come in: one's own account, those of others, and the tokens of programs.

import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may, me } from "../../server/reach";
import { t } from "../../words/words";
import { FirstAccount, Others } from "./others";
import { Own } from "./own";
import { Tokens } from "./tokens";
import "./accounts.css";

export default function Accounts() {
  const isPerson = me.value?.kind === "session";
  return (
    <>
      <h1 class="unseen">{t("nav.accounts")}</h1>
      {isPerson && <OwnAccount />}
      {may("accounts:write") && (me.value?.has_accounts ? <Others /> : <FirstAccount />)}
      {may("own:account") && <Tokens />}
    </>
  );
}

function OwnAccount() {
  const read = (signal: AbortSignal) => told(api.GET("/own", { signal }));
  const polled = usePolled("own", read, null);
  const own = polled.last.value;
  return own ? <Own own={own} onChanged={polled.now} /> : <p class="quiet">{t("frame.loading")}</p>;
}
