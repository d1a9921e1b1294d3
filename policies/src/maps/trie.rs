//! Texts by their beginnings: a tree of bytes with joined labels, shared between versions down to the node.
//!
//! A change copies the nodes on its way and nothing else. The same tree serves prefixes, suffixes (texts are read from
//! their end) and pieces between delimiters (a walk begins at each of them).

use std::sync::Arc;

use super::entry::{Entry, Hits};

/// Entries by a key of bytes.
#[derive(Clone, Default)]
pub(super) struct Trie {
    root: Node,
}

#[derive(Clone, Default)]
struct Node {
    /// The bytes between the one that leads here and this node.
    label: Arc<[u8]>,
    /// The entries whose key ends here.
    hits: Option<Hits>,
    below: Option<Arc<Below>>,
}

/// The nodes below one in the order of the bytes that lead to them.
#[derive(Clone, Default)]
struct Below {
    bytes: Bytes,
    nodes: Vec<Node>,
}

/// A set of bytes, in the same cache line as what it leads to: a walk through a large tree is a walk through memory.
#[derive(Clone, Copy, Default)]
struct Bytes([u64; 4]);

impl Trie {
    /// Visits every key that the text begins with, from the shortest, with its length.
    pub(super) fn walk<'t>(
        &'t self,
        text: impl IntoIterator<Item = u8>,
        mut visit: impl FnMut(usize, &'t Hits),
    ) {
        let mut text = text.into_iter();
        let (mut node, mut at) = (&self.root, 0);
        loop {
            if let Some(hits) = &node.hits {
                visit(at, hits);
            }
            let (Some(below), Some(byte)) = (&node.below, text.next()) else { return };
            let Some(place) = below.bytes.place(byte) else { return };
            node = &below.nodes[place];
            if !node.label.iter().all(|&byte| text.next() == Some(byte)) {
                return;
            }
            at += 1 + node.label.len();
        }
    }

    pub(super) fn insert(&mut self, mut key: &[u8], entry: Entry) {
        let mut node = &mut self.root;
        loop {
            let common = node.label.iter().zip(key).take_while(|(a, b)| a == b).count();
            if common < node.label.len() {
                node.split(common);
            }
            key = &key[common..];
            let Some((&byte, rest)) = key.split_first() else {
                return match &mut node.hits {
                    Some(hits) => hits.add(entry),
                    none => *none = Some(Hits::One(entry)),
                };
            };
            let below = Arc::make_mut(node.below.get_or_insert_default());
            let Some(place) = below.bytes.place(byte) else {
                return below
                    .push(byte, Node { label: rest.into(), hits: Some(Hits::One(entry)), below: None });
            };
            (node, key) = (&mut below.nodes[place], rest);
        }
    }

    /// Takes the entry of a key and an id out, and the branch that held nothing else.
    pub(super) fn remove(&mut self, key: &[u8], id: u32) {
        let Some(fork) = self.fork(key) else { return };
        let cut = fork.ends && !key.is_empty();
        let (mut node, mut at) = (&mut self.root, 0);
        while at < if cut { fork.at } else { key.len() } {
            let Some(below) = node.below.as_mut().map(Arc::make_mut) else { return };
            let Some(place) = below.bytes.place(key[at]) else { return };
            node = &mut below.nodes[place];
            at += 1 + node.label.len();
        }
        match node.below.as_mut().map(Arc::make_mut) {
            Some(below) if cut => below.cut(key[at]),
            _ => node.hits = node.hits.take().and_then(|hits| hits.without(id)),
        }
        if node.below.as_ref().is_some_and(|below| below.nodes.is_empty()) {
            node.below = None;
        }
    }

    /// The last place on the way to a key that leads elsewhere too; none when the key is not there.
    fn fork(&self, key: &[u8]) -> Option<Fork> {
        let (mut node, mut at, mut fork) = (&self.root, 0, 0);
        while at < key.len() {
            let below = node.below.as_ref()?;
            if node.hits.is_some() || below.nodes.len() > 1 {
                fork = at;
            }
            let place = below.bytes.place(key[at])?;
            node = &below.nodes[place];
            at += 1;
            key.get(at..)?.starts_with(&node.label).then_some(())?;
            at += node.label.len();
        }
        let alone = node.hits.as_ref()?.all().len() == 1;
        Some(Fork { at: fork, ends: alone && node.below.is_none() })
    }
}

/// Where a branch begins.
struct Fork {
    at: usize,
    /// True when the branch leads to one entry only, and goes with it.
    ends: bool,
}

impl Node {
    /// Cuts the label: what it led to moves one down.
    fn split(&mut self, at: usize) {
        let (front, back) = self.label.split_at(at);
        let (byte, rest) = (back[0], back[1..].into());
        let front = front.into();
        let lower = Node { label: rest, hits: self.hits.take(), below: self.below.take() };
        self.label = front;
        let mut below = Below::default();
        below.push(byte, lower);
        self.below = Some(Arc::new(below));
    }
}

impl Below {
    fn push(&mut self, byte: u8, node: Node) {
        // most have few: room for exactly these keeps a million of them small
        if self.nodes.len() < 8 {
            self.nodes.reserve_exact(1);
        }
        self.bytes.toggle(byte);
        self.nodes.insert(self.bytes.before(byte), node);
    }

    /// Takes the branch of a byte away.
    fn cut(&mut self, byte: u8) {
        if let Some(place) = self.bytes.place(byte) {
            self.bytes.toggle(byte);
            self.nodes.remove(place);
        }
    }
}

impl Bytes {
    /// The place of a byte among those in the set.
    fn place(&self, byte: u8) -> Option<usize> {
        let there = self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1;
        there.then(|| self.before(byte))
    }

    /// How many in the set are less than a byte.
    fn before(&self, byte: u8) -> usize {
        let word = usize::from(byte >> 6);
        let lower: u32 = self.0[..word].iter().map(|word| word.count_ones()).sum();
        (lower + (self.0[word] & ((1 << (byte & 63)) - 1)).count_ones()) as usize
    }

    /// Adds a byte, or takes it away.
    fn toggle(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] ^= 1 << (byte & 63);
    }
}

impl Drop for Below {
    /// One after the other: the depth of the tree is that of the longest key, which may be more than a stack holds.
    fn drop(&mut self) {
        let mut nodes = std::mem::take(&mut self.nodes);
        while let Some(node) = nodes.pop() {
            if let Some(mut below) = node.below.and_then(Arc::into_inner) {
                nodes.append(&mut below.nodes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(trie: &Trie, text: &str) -> Vec<(usize, u32)> {
        let mut all = Vec::new();
        trie.walk(text.bytes(), |len, hits| all.push((len, hits.first().id())));
        all
    }

    #[test]
    fn every_prefix_is_visited_and_a_removed_one_is_not() {
        let keys = ["", "/api", "/api/v1", "/apix", "/b", "/api/v1/users"];
        let mut trie = Trie::default();
        for (id, key) in keys.iter().enumerate() {
            trie.insert(key.as_bytes(), Entry::new(id as u32, key.as_bytes(), None));
        }
        let before = trie.clone();
        assert_eq!(found(&trie, "/api/v1/users/7"), [(0, 0), (4, 1), (7, 2), (13, 5)]);
        trie.remove(b"/api/v1", 2);
        trie.remove(b"/apix", 3);
        trie.remove(b"/nothere", 3);
        assert_eq!(found(&trie, "/api/v1/users/7"), [(0, 0), (4, 1), (13, 5)]);
        assert_eq!(found(&trie, "/apix"), [(0, 0), (4, 1)]);
        assert_eq!(found(&before, "/apix"), [(0, 0), (4, 1), (5, 3)]);
        for (id, key) in keys.iter().enumerate() {
            trie.remove(key.as_bytes(), id as u32);
        }
        assert!(trie.root.below.is_none() && trie.root.hits.is_none());
    }

    #[test]
    fn a_tree_deeper_than_a_stack_can_be_dropped() {
        let mut node = Node::default();
        for _ in 0..200_000 {
            let mut below = Below::default();
            below.push(b'a', node);
            node = Node { below: Some(Arc::new(below)), ..Node::default() };
        }
        drop(Trie { root: node });
    }
}
