// The door through which JupyterLab and Notebook 7 come in: a module-federation container, written by hand since there
// is nothing to bundle. It runs even where the extension is disabled: by itself it changes nothing.
"use strict";

(() => {
  const HERE = document.currentScript.src;
  const STYLES = ["languages.css", "report.css"];
  const beside = (name) => new URL(name, HERE).href;
  let shared; // the modules that JupyterLab shares: {name: {version: {get, loaded, …}}}

  /** The token of JupyterLab's own *module*: a token is compared as an object, its text would not do. */
  async function token(module, name) {
    const versions = Object.values(shared[module] ?? {});
    const version = versions.find((each) => each.loaded) ?? versions[0];
    return version && (await version.get())()[name];
  }

  /** Resolves when the style sheet is there. One that fails costs its looks, not the start of JupyterLab. */
  function style(name) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: beside(name) });
    return new Promise((resolve) => {
      link.onload = resolve;
      link.onerror = () => resolve(console.warn(`${link.href} did not load: the course looks plainer.`));
      document.head.append(link);
    });
  }

  const modules = {
    async "./extension"() {
      const { plugin } = await import(beside("languages.js"));
      const settings = await token("@jupyterlab/settingregistry", "ISettingRegistry");
      const contents = await token("@jupyterlab/toc", "ITableOfContentsTracker");
      return { __esModule: true, default: plugin({ settings, contents }) };
    },
    // JupyterLab waits for the styles before it starts, and asks for them only where the extension is enabled.
    async "./style"() {
      await Promise.all(STYLES.map(style));
      return {};
    },
  };

  (window._JUPYTERLAB ??= {})["nn-linear-by-hand"] = {
    init: (scope) => void (shared = scope),
    get: async (name) => {
      const module = await modules[name]();
      return () => module;
    },
  };
})();
