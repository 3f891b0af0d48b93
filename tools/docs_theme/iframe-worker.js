// A browser starts no worker for a page that was opened from a folder. There, the search runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(address) {
      const frame = document.createElement("iframe");
      const waiting = [];
      frame.hidden = true;
      frame.srcdoc = `<script src="${new URL(address, location.href)}"></script>`;
      document.body.append(frame);
      // Until the script has run, messages wait.
      this.postMessage = (data) => waiting.push(data);
      this.terminate = () => frame.remove();
      frame.contentWindow.postMessage = (data) => this.onmessage?.({ data });
      frame.addEventListener("load", () => {
        const inside = frame.contentWindow;
        inside.postMessage = (data) => setTimeout(() => this.onmessage?.({ data }));
        this.postMessage = (data) => inside.setTimeout(() => inside.onmessage({ data }));
        waiting.splice(0).forEach(this.postMessage);
      });
    }
  };
}
