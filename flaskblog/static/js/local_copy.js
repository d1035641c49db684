// Keeps the unsaved text of a form in this browser until the server has it, and offers it when the
// form is opened again: <form data-local-copy="id of the member" data-stored="URL">.
//
// Each opened form has a copy of its own. The URL answers whether the server has a text:
// {"stored": true}. `<template data-local-copy-offer>` is what is shown above the form.

const DELAY = 300; // milliseconds after the last change
const NAMES = ["key", "post_id", "version", "title", "content"];

class LocalCopy {
  constructor(form) {
    this.form = form;
    this.fields = [...form.querySelectorAll("input:not([type=hidden]), textarea")];
    this.prefix = `unsaved/${form.dataset.localCopy}/`;
    this.name = `${this.prefix}${Date.now()}-${Math.random()}`;
    this.isStopped = false;
    let timer;

    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.update(), DELAY);
    });
    form.addEventListener("saved", () => this.update());
    document.addEventListener("submit", ({ target }) => {
      if (target === form) this.update();
      else if (target.closest("[data-discards]")) localStorage.removeItem(this.name);
      this.isStopped = true;
    });
    addEventListener("pageshow", () => (this.isStopped = false));
    addEventListener("pagehide", () => this.update());
    document.addEventListener("visibilitychange", () => this.update());
    this.offerOthers();
  }

  update() {
    if (this.isStopped) return;
    const isUnsaved = this.fields.some(({ value, defaultValue }) => value !== defaultValue);
    try {
      if (isUnsaved) localStorage.setItem(this.name, JSON.stringify(this.read()));
      else localStorage.removeItem(this.name);
    } catch {
      // The storage is full or switched off: the server's drafts remain.
    }
  }

  read() {
    const { elements } = this.form;
    const values = NAMES.map((name) => [name, elements[name].value]);
    return { at: new Date(), ...Object.fromEntries(values) };
  }

  async offerOthers() {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(this.prefix) || name === this.name) continue;
      const copy = JSON.parse(localStorage.getItem(name));
      const isOfSamePost = copy.post_id === this.form.elements.post_id.value;
      if ((isOfSamePost && this.isShown(copy)) || (await this.isStored(copy))) {
        localStorage.removeItem(name);
      } else if (isOfSamePost) {
        this.offer(name, copy);
      }
    }
  }

  isShown(copy) {
    return this.fields.every(({ name, value }) => value === copy[name]);
  }

  async isStored(copy) {
    const body = new URLSearchParams(copy);
    body.set("csrf_token", this.form.elements.csrf_token.value);
    try {
      const response = await fetch(this.form.dataset.stored, { method: "POST", body });
      return response.ok && (await response.json()).stored;
    } catch {
      return false;
    }
  }

  offer(name, copy) {
    const template = this.form.querySelector("[data-local-copy-offer]");
    const offer = template.content.firstElementChild.cloneNode(true);
    offer.querySelector("[data-saved-at]").textContent = new Date(copy.at).toLocaleString([], {
      dateStyle: "medium",
      timeStyle: "short",
    });
    const answer = (action) => () => {
      action();
      localStorage.removeItem(name);
      offer.remove();
    };
    const [restore, discard] = offer.querySelectorAll("button");
    restore.addEventListener("click", answer(() => this.restore(copy)));
    discard.addEventListener("click", answer(() => {}));
    this.form.before(offer);
  }

  restore(copy) {
    const { elements } = this.form;
    for (const name of ["key", "version"]) elements[name].value = copy[name];
    for (const field of this.fields) {
      field.select();
      // Unlike an assignment to `value`, this can be undone.
      document.execCommand(copy[field.name] ? "insertText" : "delete", false, copy[field.name]);
    }
    this.update();
  }
}

for (const form of document.querySelectorAll("form[data-local-copy]")) new LocalCopy(form);
