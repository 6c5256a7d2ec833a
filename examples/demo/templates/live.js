"use strict";

// Without this script the next click tells. With it, the page tells by itself.
const SIGNED_OUT = 4401;
const PAUSE = 2000;

function watch() {
  const socket = new WebSocket(new URL("/live", location.href.replace(/^http/, "ws")));
  socket.addEventListener("close", ({ code }) => {
    if (code === SIGNED_OUT) {
      tell();
    } else {
      setTimeout(watch, PAUSE); // the server has stopped, or the network
    }
  });
}

function tell() {
  document.querySelectorAll("[data-signed-in]").forEach((part) => part.remove());
  document.title = document.title.replace(/^[^·]*/, "Signed out ");
  const notice = document.getElementById("ended");
  notice.hidden = false;
  notice.focus();
}

watch();
