"""What the page and Python tell each other, with a model that behaves as ipywidgets' does."""

# Two traits change before Python hears of either; gives the states that were drawn after that.
TELL = """await (async () => {
  const values = { ...data };
  const listeners = {};
  const model = {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      listeners[`change:${name}`]();
    },
    on: (event, hear) => (listeners[event] = hear),
    save_changes() {},
  };
  const drawn = [];
  const { state, set } = page.traits(model, Object.keys(data), () => drawn.push({ ...state }));
  set({ size: 2, opened: 'layer1' });
  await new Promise((done) => setTimeout(done, 200));
  return { drawn, values };
})()"""


def test_what_python_has_not_heard_yet_is_never_drawn_as_it_was(node):
    told = node("base.js", TELL, {"size": 1, "opened": ""})
    assert told == {
        "drawn": [{"size": 2, "opened": "layer1"}],
        "values": {"size": 2, "opened": "layer1"},
    }
