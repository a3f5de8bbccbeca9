//! What a refusal answers: status, challenges, words.
