// What runs first, and hence small: the login is resumed and the viewer begins while the
// much larger console is still on its way.

import { api } from "./api/client";
import { viewerAddress } from "./viewer/address";

void api.resume();
const viewer = viewerAddress(location.pathname, location.search);
if (viewer) void import("./viewer/early").then(({ begin }) => begin(viewer));
void import("./app/start");
