import { Failure, Loading } from "../design/states";
import { Offline } from "../api/problem";
import { Toasts } from "../design/toast";
import { start, useSession } from "./session";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

export function App() {
  const state = useSession();
  return (
    <>
      {state.kind === "starting" && <Loading />}
      {state.kind === "offline" && <Failure error={new Offline(state.message)} retry={() => void start()} />}
      {state.kind === "out" && <SignIn message={state.message} />}
      {state.kind === "in" && <Shell who={state.who} key={state.who.session.principal} />}
      <Toasts />
    </>
  );
}
