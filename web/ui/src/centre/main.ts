import '../tokens.css';
import '../base.css';
import { mount } from 'svelte';
import Centre from './Centre.svelte';

mount(Centre, { target: document.getElementById('app')! });
