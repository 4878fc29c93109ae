/* Search without a server. Browsers start no worker on a page that was opened as a file, so there, and only there, the worker's script
   runs in a hidden frame, where it finds what it would find in a worker. The theme knows this arrangement by the name IFrameWorker. */
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = "<body></body>";
      document.body.append(this.frame);
      this.ready = this.begin(new URL(url, document.baseURI).href);
    }

    async begin(script) {
      await new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }));
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = async (...scripts) => {
        for (const each of scripts) await this.load(each);
      };
      await this.load(script);
    }

    load(src) {
      return new Promise((resolve, reject) => {
        const script = this.frame.contentDocument.createElement("script");
        Object.assign(script, { src, onload: resolve, onerror: reject });
        this.frame.contentDocument.body.append(script);
      });
    }

    async postMessage(data) {
      await this.ready;
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
